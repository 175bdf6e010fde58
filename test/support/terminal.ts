import { spawn } from "node:child_process";

/** A program in a terminal of its own, as a person uses it. */
export interface Terminal {
  /** Waits for a text that the program has not shown before the last one that was waited for; throws what it shows instead. */
  expect: (text: string) => Promise<void>;
  type: (keys: string) => Promise<void>;
  /** All that it has shown so far, colours and cursor movements included. */
  shown: () => string;
  /** Exit code. */
  ended: Promise<number>;
  kill: () => void;
}

const PATIENCE_MS = 30_000;
// Colours and cursor movements.
// eslint-disable-next-line no-control-regex -- that is what they begin with
const ESCAPES = /\u001b(?:\[[0-9;?]*[A-Za-z]|[=>()][0-9A-B]?)/g;

// What says "no colours" to a program although it has a terminal. A person's shell has none of them; CI has.
const WITHOUT_COLOURS = ["CI", "NO_COLOR", "NODE_DISABLE_COLORS", "TF_BUILD", "TEAMCITY_VERSION"];

/** Runs a shell command in a pseudo-terminal (util-linux's `script` makes it), with the colours that a person sees wherever the test runs. */
export function typeInto(command: string, env: Record<string, string> = {}): Terminal {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !WITHOUT_COLOURS.includes(name)),
  );
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    env: { ...inherited, TERM: "xterm", COLUMNS: "120", LINES: "40", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  let position = 0;
  let wake = (): void => undefined;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    shown += chunk;
    wake();
  });
  child.stdin.on("error", () => undefined);
  const ended = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? -1)));
  // Its exit alone does not say that all of it was read.
  let isOver = false;
  void ended.then(() => {
    isOver = true;
    wake();
  });
  return {
    ended,
    shown: () => shown,
    kill: () => void child.kill("SIGKILL"),
    type: (keys) => new Promise((resolve) => child.stdin.write(keys, () => resolve())),
    expect: async (text) => {
      const giveUpAt = Date.now() + PATIENCE_MS;
      for (;;) {
        const plain = shown.replaceAll(ESCAPES, "");
        const found = plain.indexOf(text, position);
        if (found >= 0) {
          position = found + text.length;
          return;
        }
        const left = giveUpAt - Date.now();
        if (left <= 0 || isOver)
          throw new Error(
            `The terminal does not show ${JSON.stringify(text)} but:\n${plain.slice(position)}`,
          );
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(left, 500));
          wake = () => (clearTimeout(timer), resolve());
        });
      }
    },
  };
}
