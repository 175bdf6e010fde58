import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { once } from "node:events";
import { EXIT } from "../../exit-codes";
import { ROOT } from "../../images";
import { Failure } from "../../warehouse/failure";
import type { Known } from "../acceptance/check";
import { checks } from "../acceptance/checks";
import { toHtml } from "../acceptance/html";
import { toBlock, toMarkdown } from "../acceptance/markdown";
import { draw } from "../acceptance/pictures";
import { showProgress } from "../acceptance/progress";
import { Runner } from "../acceptance/run";
import { Secrets } from "../acceptance/secrets";
import { conclude, countsOf, firstFailure, type Summary } from "../acceptance/summary";
import { LANGUAGES, type Language } from "../acceptance/text";
import { words } from "../acceptance/words";
import type { JsonFlag } from "../command";
import { writeOutput } from "../output";

export interface ReportFlags extends JsonFlag {
  lang?: string;
  keepGoing?: boolean;
  /** True: the checks are listed, nothing is run. */
  list?: boolean;
  instance?: string;
  out?: string;
}

/** Exit code of a program that a signal ended, as shells have it. */
const INTERRUPTED = 130;
/** Where ports are looked for: above those of services, below those of outgoing connections. */
const PORTS = { first: 18_000, count: 1_900 };
/** Where each run leaves its block; git ignores it, as it ignores the reports. */
const AUDIT = "ZAKAZ_DASHBOARD_AUDIT_REPORT.md";

/**
 * Runs the acceptance in an instance of its own and writes its report, however it ends; what it made is removed.
 * Exit code: 0 when every check is OK, 1 when one failed, 130 after a signal.
 * @throws Failure when it cannot begin
 */
export async function report(flags: ReportFlags): Promise<void> {
  const language = languageOf(flags.lang ?? "en");
  if (flags.list) return list(flags, language);
  const instance = instanceOf(flags.instance ?? "acceptance");
  const startedAt = new Date();
  const stamp = startedAt.toISOString().replace(/[-:]|\.\d+/g, "");
  const folder = flags.out ?? join(ROOT, "logs", `acceptance-${stamp}`);
  const release = await takeLock(instance);
  // Found out now rather than after the run.
  writeOutput(join(folder, "report.md"), "");
  const work = mkdtempSync(join(tmpdir(), "zakaz-acceptance-"));
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    const ports = await freePorts();
    const place = { checkout: ROOT, work, clone: join(work, "zakaz"), instance, ...ports };
    const known: Known = { place, startedAt, kept: {}, secrets: new Secrets() };
    const stream = flags.json ? process.stderr : process.stdout;
    const progress = showProgress(stream, language, checks.length);
    const results = await new Runner(known)
      .run(checks, {
        keepGoing: flags.keepGoing ?? false,
        signal: interrupt.signal,
        onBegin: (check) => progress.begin(check),
        onEnd: (result) => progress.end(result),
      })
      .finally(() => progress.stop());
    const seconds = (Date.now() - startedAt.getTime()) / 1000;
    const summary: Summary = { language, startedAt, seconds, results, known };
    write(summary, folder);
    tell(summary, folder, flags);
    const failed = firstFailure(results) !== undefined;
    process.exitCode = interrupt.signal.aborted ? INTERRUPTED : failed ? EXIT.error : EXIT.ok;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
    rmSync(work, { recursive: true, force: true });
    release();
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function languageOf(given: string): Language {
  const language = LANGUAGES.find((one) => one === given);
  if (language !== undefined) return language;
  throw new Failure(`There is no report in \`${given}\`: --lang takes ${LANGUAGES.join(" or ")}`, EXIT.usage);
}

function instanceOf(given: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,19}$/.test(given)) return given;
  throw new Failure(`--instance is \`${given}\`; it takes up to 20 of a-z, 0-9 and -`, EXIT.usage);
}

/** What is checked, without running it. */
function list({ json }: ReportFlags, language: Language): void {
  const answer = checks.map(({ id, title, demands }) => ({
    id,
    title: title[language],
    demands: demands[language],
  }));
  const lines = answer.map(({ id, title, demands }) => `${id.padEnd(15)} ${title}: ${demands}\n`);
  process.stdout.write(json ? `${JSON.stringify(answer, undefined, 2)}\n` : lines.join(""));
}

/** The report's files, and its block in the list of all runs, the newest first. */
function write(summary: Summary, folder: string): void {
  const pictures = draw(summary.known, summary.language);
  const markdown = toMarkdown(summary, pictures);
  writeOutput(join(folder, "report.md"), markdown);
  writeOutput(join(folder, "report.html"), toHtml(markdown, pictures, summary.language));
  for (const { file, svg } of pictures) writeOutput(join(folder, file), svg);
  const audit = join(ROOT, AUDIT);
  const former = existsSync(audit) ? readFileSync(audit, "utf8").replace(/^# .*\n+/, "") : "";
  const head = `# ${words.audit[summary.language]}`;
  writeOutput(
    audit,
    `${head}\n\n${toBlock(summary, relative(ROOT, folder))}${former === "" ? "" : `\n${former}`}`,
  );
}

function tell(summary: Summary, folder: string, { json }: ReportFlags): void {
  const { results, seconds, known, language } = summary;
  const failed = firstFailure(results);
  const answer = {
    result: failed === undefined ? "ok" : "failed",
    failed: failed?.check.id ?? null,
    reason: failed?.reason?.[language] ?? null,
    folder,
    commit: known.kept["commit"]?.split(" ")[0] ?? null,
    seconds: Math.round(seconds),
    checks: results.map(({ check, state, reason, seconds: took }) => ({
      id: check.id,
      title: check.title[language],
      state,
      reason: reason?.[language] ?? null,
      seconds: Math.round(took * 10) / 10,
    })),
    counts: countsOf(known),
  };
  const text = `\n${conclude(summary).replaceAll("**", "")}\n${words.report[language]}: ${join(relative(process.cwd(), folder), "report.html")}\n`;
  process.stdout.write(json ? `${JSON.stringify(answer, undefined, 2)}\n` : text);
}

/**
 * Keeps a second run of the instance out while this process lives. An abstract socket of Linux: the kernel forgets it with us.
 * @throws Failure when another run has it
 */
async function takeLock(instance: string): Promise<() => void> {
  const lock = createServer().unref();
  try {
    await once(lock.listen(`\0zakaz-acceptance-${instance}`), "listening");
  } catch (cause) {
    throw new Failure(
      `Another acceptance run of instance \`${instance}\` is at work: wait for its end, or name another by --instance`,
      EXIT.locked,
      { cause },
    );
  }
  return () => void lock.close();
}

/** Two ports of loopback that nobody listens on. */
async function freePorts(): Promise<{ httpPort: number; nativePort: number }> {
  const found: number[] = [];
  const start = Math.floor(Math.random() * PORTS.count);
  for (let i = 0; i < PORTS.count && found.length < 2; i++) {
    const port = PORTS.first + ((start + i) % PORTS.count);
    if (await isFree(port)) found.push(port);
  }
  const [httpPort, nativePort] = found;
  if (httpPort !== undefined && nativePort !== undefined) return { httpPort, nativePort };
  throw new Failure(`No two ports from ${PORTS.first} on are free on 127.0.0.1: stop what listens there`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
