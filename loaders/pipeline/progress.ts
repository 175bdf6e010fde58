import { MultiBar, type SingleBar } from "cli-progress";

/** What a data set has read so far. */
export interface ReadSoFar {
  pages: number;
  rows: number;
  /** Rows there will be, as far as the source says. */
  total: number;
}

/** Shows a person how far a run is. */
export interface Progress {
  /** A data set begins, or has read more. */
  show(dataSet: string, read: ReadSoFar): void;
  /** The data set has ended, well or not. */
  end(dataSet: string, read: ReadSoFar): void;
  /** Writes a line of the log above the bars, without tearing them. */
  line(text: string): void;
  /** Ends the bars and gives the terminal back. */
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

/** On a terminal: one bar per data set with pages, rows, rows per second and the time that is left. */
export function barProgress(stream: NodeJS.WritableStream, now: () => number = Date.now): Progress {
  let bars: MultiBar | undefined;
  const open = new Map<string, { bar: SingleBar; since: number }>();

  const show = (dataSet: string, read: ReadSoFar): void => {
    bars ??= new MultiBar({
      stream,
      format: BAR,
      fps: FPS,
      hideCursor: true,

      forceRedraw: true,
    });
    const total = Math.max(read.total, read.rows);
    let known = open.get(dataSet);
    if (known === undefined) {
      known = { bar: bars.create(total, 0, { source: dataSet.padEnd(9), pages: 0, rate: 0 }), since: now() };
      open.set(dataSet, known);
    }
    const seconds = Math.max((now() - known.since) / 1000, 0.001);
    known.bar.setTotal(total);
    known.bar.update(read.rows, { pages: read.pages, rate: Math.round(read.rows / seconds) });
  };

  return {
    show,
    end: (dataSet, read) => {
      // What was said of its size may have been wrong: at its end it is what was read.
      show(dataSet, { ...read, total: read.rows });
      open.get(dataSet)?.bar.stop();
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
