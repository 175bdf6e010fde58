import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";

/** A secret to be planted: characters that need escaping somewhere, around a core that stands nowhere else. */
export interface Marker {
  name: string;
  value: string;
  core: string;
}

export function marker(name: string): Marker {
  const core = randomBytes(15).toString("hex");
  return { name, value: `Zk'$&%+/=#<${core}~!`, core };
}

/** A secret that was made elsewhere, e.g. by a rotation. */
export function madeMarker(name: string, value: string): Marker {
  return { name, value, core: value };
}

/**
 * Texts that show a marker, by form. The core is looked for, so that any escaping of what surrounds it makes no
 * difference, and in base64 at each of the three offsets at which it can begin in a longer text, such as
 * `user:password`.
 */
export function formsOf({ value, core }: Marker): Record<string, string[]> {
  return {
    plain: [core],
    base64: [0, 1, 2].map((offset) => {
      const text = Buffer.from("\0".repeat(offset) + core).toString("base64");
      // The characters at both ends depend on the neighbours as well.
      return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + core.length) * 8) / 6));
    }),
    "URL-encoded": [encodeURIComponent(value)],
    // The core is hex itself: its digits in hex have no letters.
    hex: [Buffer.from(core).toString("hex")],
  };
}

export interface Finding {
  place: string;
  bytes: number;
  /** `<marker> as <form>`, each once. */
  hits: string[];
}

/** Looks for markers in places of any size: one pass of grep over all forms at once. */
export class LeakSearch {
  readonly findings: Finding[] = [];
  private readonly needles = new Map<string, string>();

  /** @param folder where the list of needles may lie; itself no place to be searched */
  constructor(private readonly folder: string) {}

  /** Adds markers to be looked for from now on. */
  plant(...markers: Marker[]): void {
    for (const planted of markers) {
      for (const [form, needles] of Object.entries(formsOf(planted))) {
        for (const needle of needles) this.needles.set(needle, `${planted.name} as ${form}`);
      }
    }
  }

  /** Searches a text or bytes. An empty place proves nothing and is an error, unless it may be empty. */
  async text(place: string, content: string | Buffer, mayBeEmpty = false): Promise<void> {
    await this.command(place, "cat", [], { input: content, mayBeEmpty });
  }

  /** Searches all files below a folder, without the named sub-folders. */
  async files(place: string, folder: string, without: string[] = [], mayBeEmpty = false): Promise<void> {
    const excluded = without.map((name) => `--exclude=./${name}`);
    await this.command(place, "tar", ["c", "-C", folder, ...excluded, "."], { mayBeEmpty });
  }

  /** Searches what a program writes to its standard output. */
  async command(
    place: string,
    file: string,
    args: string[],
    options: { input?: string | Buffer; mayBeEmpty?: boolean; env?: NodeJS.ProcessEnv } = {},
  ): Promise<void> {
    const child = spawn(file, args, { env: options.env ?? process.env, stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    let problem = "";
    child.stderr.on("data", (chunk: Buffer) => (problem += chunk.toString()));
    const ended = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 1)));
    const { bytes, found } = await this.grep(child.stdout);
    if ((await ended) !== 0) throw new Error(`${place}: ${file} failed: ${problem.slice(0, 500)}`);
    if (bytes === 0 && !options.mayBeEmpty) throw new Error(`${place} is empty: nothing was searched`);
    this.findings.push({ place, bytes, hits: found });
  }

  /** Every hit so far, for an expectation. */
  hits(): string[] {
    return this.findings.flatMap(({ place, hits }) => hits.map((hit) => `${hit} in ${place}`));
  }

  /** The list of places with bytes and hits. */
  report(): string {
    const lines = this.findings.map(
      ({ place, bytes, hits }) =>
        `${place.padEnd(58)} ${String(bytes).padStart(12)} bytes  ${hits.length} hits`,
    );
    const bytes = this.findings.reduce((sum, finding) => sum + finding.bytes, 0);
    const total = `${this.findings.length} places, ${this.needles.size} texts looked for, ${bytes} bytes, ${this.hits().length} hits`;
    return [...lines, total].join("\n");
  }

  private async grep(source: Readable): Promise<{ bytes: number; found: string[] }> {
    const list = join(this.folder, "needles", "list");
    mkdirSync(dirname(list), { recursive: true });
    writeFileSync(list, [...this.needles.keys()].join("\n"));
    const grep = spawn("grep", ["-aohFf", list], {
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    let bytes = 0;
    let output = "";
    grep.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<number>((resolve) => grep.once("close", (code) => resolve(code ?? 2)));
    source.on("data", (chunk: Buffer) => (bytes += chunk.length));
    source.pipe(grep.stdin);
    const code = await ended;
    if (code > 1) throw new Error(`grep ended with ${code}`);
    const found = new Set(
      output
        .split("\n")
        .filter(Boolean)
        .map((needle) => this.needles.get(needle)!),
    );
    return { bytes, found: [...found].sort() };
  }
}
