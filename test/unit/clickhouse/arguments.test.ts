import { describe, expect, it } from "vitest";
import { ArgumentError, parseClientArguments } from "../../../clickhouse/embedded/client/arguments";

const failure = (argv: string[], env = {}) => {
  try {
    parseClientArguments(argv, env);
  } catch (error) {
    if (error instanceof ArgumentError) return { code: error.code, message: error.message };
  }
  return undefined;
};

describe("parseClientArguments", () => {
  it("reads the flags of the real client, long and short", () => {
    const long = [
      "--user=admin",
      "--password",
      "p=1",
      "--host=h",
      "--port=8124",
      "--database=zakaz",
      "--format=CSV",
    ];
    const short = ["-u", "admin", "--password=p=1", "-h", "h", "--port", "8124", "-d", "zakaz", "-f", "CSV"];
    const expected = {
      user: "admin",
      password: "p=1",
      host: "h",
      port: 8124,
      database: "zakaz",
      format: "CSV",
    };
    expect(parseClientArguments(long, {})).toMatchObject(expected);
    expect(parseClientArguments(short, {})).toMatchObject(expected);
  });

  it("repeats queries and files, and takes parameters and settings", () => {
    const args = [
      "-u",
      "a",
      "-q",
      "SELECT 1",
      "--query=SELECT 2",
      "--param_day=2026-01-01",
      "--max_threads=2",
      "-n",
      "-t",
    ];
    expect(parseClientArguments(args, {})).toMatchObject({
      queries: ["SELECT 1", "SELECT 2"],
      parameters: { day: "2026-01-01" },
      settings: { max_threads: "2" },
      multiquery: true,
      time: true,
    });
    expect(parseClientArguments(["-u", "a", "--queries-file=a", "--queries-file", "b"], {}).files).toEqual([
      "a",
      "b",
    ]);
  });

  it("takes user and password from the environment; flags win", () => {
    const env = { CLICKHOUSE_USER: "env_user", CLICKHOUSE_PASSWORD: "env_pass" };
    expect(parseClientArguments([], env)).toMatchObject({ user: "env_user", password: "env_pass" });
    expect(parseClientArguments(["--user=x"], env)).toMatchObject({ user: "x", password: "env_pass" });
  });

  it("takes the native port for this server's HTTP port", () => {
    expect(parseClientArguments(["-u", "a", "--port=9000"], {}).port).toBe(8123);
    expect(parseClientArguments(["-u", "a"], {}).port).toBe(8123);
  });

  it("says in one sentence how to give a user", () => {
    expect(failure(["-q", "SELECT 1"])).toEqual({
      code: 516,
      message:
        "Give a user and a password (no user of this server has none): clickhouse-client --user=NAME --password=…, " +
        "or set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD.",
    });
    expect(parseClientArguments(["--help"], {}).help).toBe(true);
    expect(parseClientArguments(["--version"], {}).version).toBe(true);
  });

  it("refuses what it does not know, with the real client's codes", () => {
    expect(failure(["-u", "a", "--no-such-option"])).toEqual({
      code: 552,
      message: "Unrecognized option '--no-such-option'.",
    });
    expect(failure(["-u", "a", "stray"])).toEqual({
      code: 36,
      message: "Positional option `stray` is not supported.",
    });
    expect(failure(["-u", "a", "--port=http"])?.code).toBe(36);
    expect(failure(["-u"])?.message).toBe("The required argument for option '-u' is missing.");
    expect(failure(["-u", "a", "-q", "SELECT 1", "--queries-file=b"])?.code).toBe(36);
  });
});
