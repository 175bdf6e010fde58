import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accessHash } from "../../../components/access";
import { ROOT } from "../../../images";

/** What makes `pulumi up` apply the access again. */
let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "zakaz-access-hash-"));
  cpSync(join(ROOT, "sql"), join(checkout, "sql"), { recursive: true });
});
afterEach(() => rmSync(checkout, { recursive: true }));

const file = (name: string) => join(checkout, "sql", name);

describe("the hash of the access", () => {
  it("is that of the checkout's own sql/", () => {
    expect(accessHash(checkout)).toBe(accessHash());
  });

  it.each([
    ["a right in a file of its own", "70_more.sql", "GRANT SELECT ON zakaz.plan_sales TO role_bi_reader;"],
    ["a user beside tables", "33_journal.sql", "CREATE USER IF NOT EXISTS other HOST NONE;"],
    ["a statement of another kind in the file of the access", "10_access.sql", "SYSTEM RELOAD CONFIG;"],
  ])("changes with %s", (_, name, statement) => {
    appendFileSync(file(name), `\n${statement}\n`);
    expect(accessHash(checkout)).not.toBe(accessHash());
  });

  it("changes neither with comments nor with tables", () => {
    appendFileSync(file("10_access.sql"), "\n-- a note\n");
    appendFileSync(
      file("33_journal.sql"),
      "\nCREATE TABLE IF NOT EXISTS zakaz.other (a UInt8) ENGINE = Memory;\n",
    );
    writeFileSync(file("71_note.sql"), "-- nothing yet\n");
    expect(accessHash(checkout)).toBe(accessHash());
  });
});
