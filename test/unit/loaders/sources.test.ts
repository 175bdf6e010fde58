import { describe, expect, test, vi } from "vitest";
import { secretKeys } from "../../../config/secrets";
import { settings } from "../../../config/settings";
import { sources } from "../../../loaders/sources";
import { vendors } from "../../../sandbox/vendors";
import { passwordKeys } from "../../../warehouse/catalogue";

/** What the descriptors of the sources name together must not collide: each name has one owner. */
describe("the sources", () => {
  const unique = (names: readonly string[]) => expect([...names].sort()).toEqual([...new Set(names)].sort());

  test("have jobs, folders, secrets, data sets and switches of their own", () => {
    unique(sources.map(({ job }) => job));
    unique(sources.map(({ folder }) => folder));
    unique(sources.flatMap(({ datasets }) => Object.keys(datasets)));
    const secrets = sources.flatMap((source) => Object.keys(source.secrets));
    const switches = sources.flatMap((source) => source.switch?.key ?? []);
    unique([...Object.values(passwordKeys), ...secrets]);
    unique([...Object.keys(secretKeys), ...Object.keys(settings.shape)]);
    expect(Object.keys(settings.shape)).toEqual(expect.arrayContaining(switches));
  });

  test("are read from vendors that the sandbox knows, at their paths", () => {
    const standIns = sources.flatMap(({ sandbox }) => sandbox ?? []);
    unique(standIns.map(({ vendor }) => vendor));
    for (const { vendor, path } of standIns) {
      expect(vendors.find(({ name }) => name === vendor)?.basePath).toBe(path);
    }
  });

  test("take --probe exactly where they say so", async () => {
    for (const source of sources) {
      const { main } = await source.loadModule();
      let help = "";
      const spy = vi
        .spyOn(process.stdout, "write")
        .mockImplementation((text) => ((help += String(text)), true));
      expect(await main(["--help"])).toBe(0);
      spy.mockRestore();
      expect([source.job, help.includes("--probe")]).toEqual([source.job, source.probe === true]);
    }
  });

  test("name secrets and data sets of their own in what depends on them", () => {
    for (const { secrets, datasets, sandbox } of sources) {
      for (const { dataset } of Object.values(secrets)) {
        if (dataset !== undefined) expect(Object.keys(datasets)).toContain(dataset);
      }
      if (sandbox !== undefined) expect(Object.keys(secrets)).toContain(sandbox.secret);
    }
  });
});
