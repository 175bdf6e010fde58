import { MultiBar, type SingleBar } from "cli-progress";

/** What one source has read so far. */
export interface Reading {
  pages: number;
  rows: number;
  /** Rows there will be, as far as the source says so. */
  total: number;
}

/** Shows a person how far a run is. */
export interface Progress {
  /** A source begins, or has read more. */
  show(source: string, reading: Reading): void;
  /** The source has ended, well or not. */
  end(source: string, reading: Reading): void;
  /** Writes a line of the log above the bars, without tearing them. */
  line(text: string): void;
  /** Takes the bars' hands off the terminal. */
  stop(): void;
}

/** Where nobody watches: no bars, lines go straight to the stream. */
export function plainProgress(stream: NodeJS.WritableStream): Progress {
  return {
    show: () => undefined,
    end: () => undefined,
    line: (text) => void stream.write(text),
    stop: () => undefined,
  };
}

const BAR =
  "{source} |{bar}| {percentage}% {pages} pages {value} of {total} rows {rate}/s ETA {eta_formatted}";
/** Times a bar is drawn per second, at most. */
const FPS = 5;

/** On a terminal: one bar per source with pages, rows, rows per second and the time that is left. */
export function barProgress(stream: NodeJS.WritableStream, now: () => number = Date.now): Progress {
  let bars: MultiBar | undefined;
  const open = new Map<string, { bar: SingleBar; since: number }>();

  const show = (source: string, reading: Reading): void => {
    bars ??= new MultiBar({
      stream,
      format: BAR,
      fps: FPS,
      hideCursor: true,

      forceRedraw: true,
    });
    const total = Math.max(reading.total, reading.rows);
    let known = open.get(source);
    if (known === undefined) {
      known = { bar: bars.create(total, 0, { source: source.padEnd(9), pages: 0, rate: 0 }), since: now() };
      open.set(source, known);
    }
    const seconds = Math.max((now() - known.since) / 1000, 0.001);
    known.bar.setTotal(total);
    known.bar.update(reading.rows, { pages: reading.pages, rate: Math.round(reading.rows / seconds) });
  };

  return {
    show,
    end: (source, reading) => {
      // What a source said of its size may have been wrong: at its end it is what was read.
      show(source, { ...reading, total: reading.rows });
      open.get(source)?.bar.stop();
    },
    line: (text) => {
      if (bars === undefined || open.size === 0) stream.write(text);
      else {
        bars.log(text);
        // It keeps lines until the next drawing, and loses those of the last instant.
        bars.update();
      }
    },
    stop: () => {
      open.clear();
      bars?.stop();
      bars = undefined;
    },
  };
}
