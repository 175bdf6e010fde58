/** Levels from quiet to talkative. */
export const LOG_LEVELS = ["ERROR", "WARNING", "INFO", "DEBUG"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = "text" | "json";
export type Fields = Record<string, unknown>;

export interface Log {
  error(message: string, fields?: Fields): void;
  warning(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
}

export interface LogOptions {
  name: string;
  level: LogLevel;
  format: LogFormat;
  /** Values that are replaced by stars wherever they turn up; the last line of defence, not the first. */
  secrets?: readonly string[];
  /** Fields of every line, for example the run's id. They are written in the JSON form only. */
  always?: Fields;
  write?: (line: string) => void;
  now?: () => Date;
}

/** Replaces every secret in a text by stars. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((s) => s.length > 0)
    .reduce((result, secret) => result.replaceAll(secret, "***"), text);
}

/**
 * A logger that writes lines to standard error: `2030-01-01T00:00:00Z name INFO text | metrics={json}` or one JSON
 * object per line. Fields are data beside the text and never part of it.
 */
export function createLog(options: LogOptions): Log {
  const { name, level, format, secrets = [], always = {} } = options;
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const now = options.now ?? (() => new Date());
  const limit = LOG_LEVELS.indexOf(level);

  const emit = (lineLevel: LogLevel, message: string, fields: Fields = {}): void => {
    if (LOG_LEVELS.indexOf(lineLevel) > limit) return;
    const time = now()
      .toISOString()
      .replace(/\.\d+Z$/, "Z");
    const oneLine = message.replace(/\s*\n\s*/g, "; ");
    const line =
      format === "json"
        ? JSON.stringify({ time, logger: name, level: lineLevel, message: oneLine, ...always, ...fields })
        : `${time} ${name} ${lineLevel} ${oneLine}${Object.keys(fields).length > 0 ? ` | metrics=${JSON.stringify(fields)}` : ""}`;
    write(`${redact(line, secrets)}\n`);
  };

  return {
    error: (message, fields) => emit("ERROR", message, fields),
    warning: (message, fields) => emit("WARNING", message, fields),
    info: (message, fields) => emit("INFO", message, fields),
    debug: (message, fields) => emit("DEBUG", message, fields),
  };
}
