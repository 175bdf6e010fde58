import { ClickHouseError } from "@clickhouse/client";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { failureOf, Warehouse, withWarehouse } from "../../../warehouse/client";
import { StatementFailure, Unreachable } from "../../../warehouse/failure";

const SERVER = { url: "http://127.0.0.1:8123", container: "ch-zakaz", password: "geheim" };

/** Sends one statement to a server that answers as told, with a user and a password of its own. */
async function ask(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const warehouse = new Warehouse({ url, user: "admin", password: "geheim" });
  try {
    return await withWarehouse(warehouse, () => warehouse.text("SELECT 1"));
  } finally {
    server.close();
  }
}

describe("a failure of the client", () => {
  it("of a server that does not answer says how to start it, where that is known", () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    expect(failureOf(cause, SERVER)).toEqual(
      new Unreachable(
        "ClickHouse does not answer at http://127.0.0.1:8123 (connect ECONNREFUSED): " +
          "start it with docker start ch-zakaz, or make up",
        "connect ECONNREFUSED",
      ),
    );
    expect(failureOf(new Error("Timeout error."), { url: "https://example.org", password: "" })).toEqual(
      new Unreachable("ClickHouse does not answer at https://example.org (Timeout error.)", "Timeout error."),
    );
  });

  it("of a name with several addresses says the code", () => {
    const cause = Object.assign(new AggregateError([]), { code: "ECONNREFUSED" });
    expect(failureOf(cause, SERVER)).toMatchObject({ reason: "ECONNREFUSED" });
  });

  it("of a statement carries code, name and text, without the password", () => {
    const cause = new ClickHouseError({
      message: "Syntax error: BY 'geheim': While executing 'geheim'. ",
      code: "62",
      type: "SYNTAX_ERROR",
    });
    const failure = failureOf(cause, SERVER);
    expect(failure).toBeInstanceOf(StatementFailure);
    expect(failure).toMatchObject({
      message: "ClickHouse says 62 SYNTAX_ERROR: Syntax error: BY '[secret]': While executing '[secret]'.",
      code: 62,
      type: "SYNTAX_ERROR",
      gist: "Syntax error: BY '[secret]'",
    });
  });

  it("that is a mistake of the program stays what it is", () => {
    const mistake = new TypeError("x is not a function");
    expect(failureOf(mistake, SERVER)).toBe(mistake);
  });
});

describe("a statement", () => {
  it("is answered without the last line break, and no other blank is lost", async () => {
    expect(await ask(200, "\ta\t\nb \n\n")).toBe("\ta\t\nb \n");
  });

  it("that something else than ClickHouse answers is one for a server that does not", async () => {
    await expect(ask(502, "Bad Gateway of geheim")).rejects.toThrow(
      /^ClickHouse does not answer at http:\S+ \(Bad Gateway of \[secret\]\)$/,
    );
  });
});

describe("the gist of what ClickHouse says", () => {
  it.each([
    [
      "Unknown table expression identifier 'a.b' in scope SELECT 1.",
      "Unknown table expression identifier 'a.b'",
    ],
    ["Unknown identifier: In scope SELECT\n secret", "Unknown identifier"],
    ["Cannot parse\n  input: (at row 1): secret", "Cannot parse input"],
    ["No: While processing secret. (more)", "No"],
    ["Old. Stack trace: 0. main", "Old"],
  ])("%j is %j", (reason, gist) => expect(new StatementFailure(1, "X", reason).gist).toBe(gist));
});
