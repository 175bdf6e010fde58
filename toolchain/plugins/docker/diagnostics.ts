/**
 * The reasons of failed calls. The bridge answers a failed call with an empty text and leaves the reason in its log on
 * standard error; this file reads the log, finds the line that belongs to a call and makes a sentence of it.
 */

/** What the upstream provider logged about one failed operation. */
export interface Diagnostic {
  /** The upstream operation, for example `ApplyResourceChange`. */
  operation: string;
  /** The upstream resource or data source, for example `docker_container`; empty for the provider itself. */
  subject: string;
  text: string;
  /** Milliseconds since the epoch at which the line was read here. */
  readAt: number;
}

/** What is known about a failed call when its reason is looked for. */
export interface FailedCall {
  operations: readonly string[];
  subject: string;
  /** Milliseconds since the epoch at which the call began. */
  startedAt: number;
  /** Words the right line is likely to contain (names, images): they decide between several candidates. */
  mentions: readonly string[];
}

/** The environment that makes the bridge log errors, as JSON lines, and nothing else of any volume. */
export const LOG_ENVIRONMENT = { TF_LOG: "JSON", TF_LOG_PROVIDER: "ERROR", TF_LOG_SDK: "ERROR" } as const;

/** Diagnostics nobody asked for (their call had a text of its own) are dropped after so many newer ones. */
const KEPT = 50;

/** Reads one line of the bridge's log: a diagnostic, "noise" for any other log entry, undefined for foreign text. */
export function parseLogLine(line: string, now: number): Diagnostic | "noise" | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof entry !== "object" || entry === null || !("@level" in entry)) return undefined;
  const field = (name: string): string => {
    const value = (entry as Record<string, unknown>)[name];
    return typeof value === "string" ? value : "";
  };
  if (field("diagnostic_severity") !== "ERROR") return "noise";
  const [summary, detail] = [field("diagnostic_summary"), field("diagnostic_detail")];
  return {
    operation: field("tf_rpc"),
    subject: field("tf_resource_type") || field("tf_data_source_type"),
    text: [...new Set([summary, detail])].filter((part) => part !== "").join(": "),
    readAt: now,
  };
}

/** The diagnostics that no failed call has claimed yet. */
export class DiagnosticLog {
  private waiting: Diagnostic[] = [];
  private readonly arrivals = new Set<() => void>();

  add(diagnostic: Diagnostic): void {
    this.waiting = [...this.waiting, diagnostic].slice(-KEPT);
    for (const arrived of this.arrivals) arrived();
  }

  /**
   * The text of the diagnostic that belongs to a call, which nobody else gets then. Log and answer travel on different
   * pipes, so it waits up to `patienceMs` for the line; undefined when none came.
   */
  async take(call: FailedCall, patienceMs = 1_000): Promise<string | undefined> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const found = this.match(call);
      if (found) {
        this.waiting = this.waiting.filter((other) => other !== found);
        return found.text;
      }
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      await this.arrival(left);
    }
  }

  private match(call: FailedCall): Diagnostic | undefined {
    const candidates = this.waiting.filter(
      (line) =>
        line.subject === call.subject &&
        line.readAt >= call.startedAt &&
        call.operations.includes(line.operation),
    );
    const mentioned = candidates.find((line) =>
      call.mentions.some((word) => word !== "" && line.text.includes(word)),
    );
    return mentioned ?? candidates[0];
  }

  private arrival(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.arrivals.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.arrivals.add(done);
    });
  }
}

/** One line of plain text: no terminal colours, no control characters, no line breaks. */
export function plain(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex
      .replace(/\u001b\[[0-?]*[ -/]*[@-~]/g, "")
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u001f\u007f\s]+/g, " ")
      .trim()
  );
}

/** Known failures: what the engine says, and what a person can do about it. The first match wins. */
const ADVICE: readonly { pattern: RegExp; advice: (match: RegExpExecArray) => string }[] = [
  {
    pattern: /Cannot connect to the Docker daemon|Error pinging Docker server|docker daemon running\?/,
    advice: () =>
      "the Docker engine cannot be reached: start it (`make up` does) and check that `docker version` answers",
  },
  {
    pattern: /Bind for (\S+) failed: port is already allocated/,
    advice: ([, port]) => `port ${port} is taken: \`docker ps\` shows by which container`,
  },
  {
    pattern: /listen tcp\d? (\S+?): bind: address already in use/,
    advice: ([, port]) => `port ${port} is taken: \`ss -ltnp\` shows by which process`,
  },
  {
    pattern: /container name "\/?([^"]+)" is already in use/,
    advice: ([, name]) =>
      `a container named ${name} exists already outside this stack: \`docker rm -f ${name}\` removes it`,
  },
  {
    pattern: /network with name (\S+) already exists/,
    advice: ([, name]) =>
      `a network named ${name} exists already outside this stack: \`docker network rm ${name}\` removes it`,
  },
  {
    // The upstream provider hides the engine's words behind its own waiting for the removal.
    pattern: /has active endpoints|waiting for state to become 'removed'/,
    advice: () =>
      "containers are still attached to the network: `docker network inspect` names them, stop them first",
  },
  {
    pattern: /(?:pulling image|pull image) (\S+?):? |No such image: (\S+)/,
    advice: ([, pulled, missing]) =>
      `the image ${pulled ?? missing} is neither on this machine nor could it be pulled: \`docker pull ${pulled ?? missing}\` repeats the attempt`,
  },
  {
    pattern: /image is being used by (?:running|stopped) container (\w+)|image is referenced in/,
    advice: () => "the image is still in use: `docker ps -a` shows by which container",
  },
  {
    pattern: /Error running (?:buildx|legacy) build|failed to solve|returned a non-zero code/,
    advice: () => "the image build failed: `docker build` on the same context shows the whole output",
  },
  {
    pattern: /failed to be in healthy state/,
    advice: () => "the container started but its health check did not pass in time",
  },
];

/**
 * One readable sentence: the advice for a known failure followed by the engine's own words, or those alone. `mask`
 * removes what must not be shown.
 */
export function sentence(reason: string, mask: (text: string) => string): string {
  const text = mask(plain(reason));
  for (const { pattern, advice } of ADVICE) {
    const match = pattern.exec(text);
    if (match) return `${advice(match)} (${text})`;
  }
  return text;
}
