import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyModel } from "../../../clickhouse/access/model";
import { loadAccess, saveAccess } from "../../../clickhouse/embedded/access/store";
import { applyAll, hash } from "./access-support";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "zt-engine-store-"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("the access file", () => {
  it("gives back what was kept, readable by its owner alone, and leaves nothing beside it", () => {
    const file = join(folder, "access/embedded.json");
    const model = applyAll([
      `CREATE USER u IDENTIFIED WITH sha256_hash BY '${hash}' HOST NONE`,
      "GRANT SELECT ON z.t TO u",
    ]);
    saveAccess(file, model);
    expect(loadAccess(file)).toEqual(model);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "access"))).toEqual(["embedded.json"]);
  });

  it("is empty on a new data folder, and named when it is damaged", () => {
    const file = join(folder, "embedded.json");
    expect(loadAccess(file)).toEqual(emptyModel());
    for (const content of ["", "{", "[]", '{"version":2,"model":{}}']) {
      writeFileSync(file, content);
      expect(() => loadAccess(file)).toThrow(`The access file ${file} is damaged`);
    }
  });
});
