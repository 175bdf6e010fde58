import { styleText } from "node:util";
import { MultiBar, type SingleBar } from "cli-progress";
import type { Check } from "./check";
import type { Result } from "./run";
import type { Language } from "./text";
import { formatSeconds, STATES } from "./words";

/** Tells a person how far a run is. */
export interface Progress {
  begin(check: Check): void;
  end(result: Result): void;
  stop(): void;
}

const COLOURS = { ok: "green", failed: "red", "not run": "dim" } as const;
const FORMAT = "|{bar}| {value}/{total} {id} {time}";

/**
 * One line per check that was run; on a terminal also a bar with the check at work and its time.
 * @param total checks of the run
 */
export function showProgress(stream: NodeJS.WriteStream, language: Language, total: number): Progress {
  const line = ({ check, state, seconds, reason }: Result): string => {
    const word = styleText(COLOURS[state], STATES[state][language].padEnd(5), { stream });
    const time = state === "not run" ? "" : ` (${formatSeconds(seconds, language)})`;
    const why = reason === undefined ? "" : `: ${reason[language]}`;
    return `${word} ${check.id.padEnd(15)} ${check.title[language]}${time}${why}\n`;
  };
  if (!stream.isTTY) {
    return {
      begin: () => undefined,
      end: (result) => void (result.state !== "not run" && stream.write(line(result))),
      stop: () => undefined,
    };
  }
  const bars = new MultiBar({
    stream,
    format: FORMAT,
    hideCursor: true,
    // An interrupt is the run's to handle.
    gracefulExit: false,
    forceRedraw: true,
    clearOnComplete: true,
  });
  const bar: SingleBar = bars.create(total, 0, { id: "", time: "" });
  let began = performance.now();
  const tick = (): void => bar.update({ time: formatSeconds((performance.now() - began) / 1000, language) });
  const timer = setInterval(tick, 1000).unref();
  return {
    begin: ({ id }) => {
      began = performance.now();
      bar.update({ id, time: "" });
    },
    end: (result) => {
      bar.increment();
      if (result.state === "not run") return;
      bars.log(line(result));
      // It keeps lines until the next drawing.
      bars.update();
    },
    stop: () => {
      clearInterval(timer);
      bars.stop();
    },
  };
}
