import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

const repository = resolve(__dirname, "../../..");
const files = ["docker-v5.2.0", "command-v1.2.1"].flatMap((plugin) => [
  `resource-${plugin}/plugin.cjs`,
  `resource-${plugin}/pulumi-resource-${plugin.split("-")[0]}`,
]);

describe("the built plugins", () => {
  let folder: string;
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "zt-plugins-build-")));
    // Another clone of the repository, as far as the build looks at it.
    cpSync(join(repository, "toolchain/plugins"), join(folder, "clone/toolchain/plugins"), {
      recursive: true,
    });
    symlinkSync(join(repository, "node_modules"), join(folder, "clone/node_modules"));
    execFileSync(process.execPath, [join(repository, "toolchain/plugins/build.mjs"), join(folder, "one")]);
    execFileSync(process.execPath, [join(folder, "clone/toolchain/plugins/build.mjs"), "two"], {
      cwd: folder,
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(files)("are the same from every clone and name none: %s", (file) => {
    const text = readFileSync(join(folder, "one", file), "utf8");
    expect(readFileSync(join(folder, "two", file), "utf8")).toBe(text);
    expect(text).not.toContain(repository);
    expect(text).not.toContain(folder);
  });

  it("start with executables", () => {
    for (const file of files.filter((name) => !name.endsWith(".cjs"))) {
      expect(statSync(join(folder, "one", file)).mode & 0o777).toBe(0o755);
    }
  });

  it("load the protobuf stubs, not the whole of Pulumi's SDK", () => {
    for (const file of files.filter((name) => name.endsWith(".cjs"))) {
      expect(statSync(join(folder, "one", file)).size).toBeLessThan(1_200_000);
    }
  });

  it("say in one sentence that node or the Go programs are missing", () => {
    const start = (path: string): string => {
      try {
        execFileSync("/bin/sh", [join(folder, "one", files[1]!)], { env: { PATH: path }, stdio: "pipe" });
        return "";
      } catch (error) {
        return String((error as { stderr: Buffer }).stderr);
      }
    };
    expect(start("/nowhere")).toBe("pulumi-resource-docker: node is not on PATH; `make up` puts it there\n");
    expect(start(`${process.execPath.replace(/\/node$/, "")}:/usr/bin:/bin`)).toBe(
      "pulumi-resource-docker: pulumi-resource-terraform-provider and terraform-provider-docker are not in " +
        `${folder}/one/resource-docker-v5.2.0: \`make up\` builds and links them\n`,
    );
  });
});
