import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Failure } from "../../../warehouse/failure";
import { newPassword } from "../../../ops/password";
import { rotate } from "../../../ops/actions/rotate";
import { stackOutputs, stubProgram } from "./support";

/**
 * The steps of a rotation against a `pulumi` that is a script (configuration and server's password are files) and
 * a server that knows one password. Not proved here: Pulumi and ClickHouse (test/soak/rotate.test.ts does).
 */
const OLD = "the-old-password";
let folder: string;
let server: Server;
let printed: string;

const file = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(file(name), "utf8");
const failure = (work: Promise<void>) =>
  work.then(
    () => {
      throw new Error("this rotation went well");
    },
    (error: unknown) => error as Failure,
  );

/** A `pulumi` whose verbs do what a real one would to the files; `up` and `set` can be told otherwise. */
function stubPulumi(behaviour: { set?: string; up?: string } = {}): void {
  const {
    set = `cat >"${file("config")}"`,
    up = `cp "${file("config")}" "${file("server")}"; echo '@ updating...'; echo 'access-apply updated'`,
  } = behaviour;
  const { port } = server.address() as AddressInfo;
  writeFileSync(file("outputs"), JSON.stringify(stackOutputs(`http://127.0.0.1:${port}`)));
  const script = `echo "$*" >>"${file("calls")}"
case "$1 $2" in
  "stack output") cat "${file("outputs")}" ;;
  "config get") cat "${file("config")}"; echo ;;
  "config set") ${set} ;;
  up*) ${up} ;;
esac`;
  stubProgram(folder, "pulumi", script);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "zakaz-rotate-"));
  writeFileSync(file("config"), OLD);
  writeFileSync(file("server"), OLD);
  server = createServer((request, response) => {
    const [, password] = Buffer.from(request.headers.authorization!.slice(6), "base64").toString().split(":");
    if (password === read("server")) return void response.end("1\n");
    response.writeHead(403, { "x-clickhouse-exception-code": "516" });
    response.end("Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"]}`);
  printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((printed += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((printed += String(text)), true));
  stubPulumi();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  server.close();
  rmSync(folder, { recursive: true });
});

describe("a rotation", () => {
  it("sets, updates, proves, and shows the password to nobody", async () => {
    await rotate("datalens", {});
    const password = read("config");
    expect(password).not.toBe(OLD);
    expect(read("server")).toBe(password);
    expect(printed).toBe(
      "access-apply updated\n" +
        "datalens_reader has a new password: the server accepts it and refuses the old one (516). " +
        "It is in the stack's configuration: pulumi config get zakaz:datalensPassword\n",
    );
    expect(read("calls")).toContain("config set --secret zakaz:datalensPassword --non-interactive");
    expect(read("calls")).not.toContain(password);
  });

  it("prints it once, alone on the last line, when asked to", async () => {
    await rotate("loader", { print: true });
    expect(printed.split(read("config"))).toHaveLength(2);
    expect(printed.trimEnd().split("\n").at(-1)).toBe(read("config"));
  });

  it("writes it into a file for its owner alone, and never over another", async () => {
    await rotate("admin", { out: file("out") });
    expect(read("out")).toBe(`${read("config")}\n`);
    expect(statSync(file("out")).mode & 0o777).toBe(0o600);
    expect(printed).not.toContain(read("config"));
    const kept = read("out");
    const error = await failure(rotate("admin", { out: file("out") }));
    expect(error.message).toBe(`Nothing was changed: the file ${file("out")} is there already; name another`);
    expect(error.exitCode).toBe(2);
    expect(`${read("config")}\n`).toBe(kept);
  });

  it("changes nothing when the configuration cannot be set", async () => {
    stubPulumi({ set: "echo 'error: no passphrase' >&2; exit 255" });
    const error = await failure(rotate("backup", { out: file("out") }));
    expect(error.message).toBe("Nothing was changed: `pulumi config set` failed: error: no passphrase");
    expect(existsSync(file("out"))).toBe(false);
    expect(read("config")).toBe(OLD);
  });

  it.each([
    ["exit 255", "`pulumi up` failed, so that datalens_reader may still have the old password", "pulumi up"],
    [
      "true",
      "The server refuses the new password of datalens_reader after `pulumi up`",
      "pulumi up --refresh",
    ],
  ])("keeps the new password where `pulumi up` does: %s", async (up, problem, command) => {
    stubPulumi({ up });
    const error = await failure(rotate("datalens", { out: file("out") }));
    expect(error.message).toBe(
      `${problem}. The new password is in the stack's configuration (zakaz:datalensPassword): \`${command}\` goes on from here`,
    );
    expect(read("out")).toBe(`${read("config")}\n`);
    expect(error.message).not.toContain(read("config"));
  });

  it("does not begin while the server does not answer the question", async () => {
    const { port } = server.address() as AddressInfo;
    stubPulumi();
    await new Promise((resolve) => server.close(resolve));
    vi.useFakeTimers({ toFake: ["Date"] });
    // Again and again: on a busy machine the patience may begin late.
    const hurry = setInterval(() => vi.advanceTimersByTime(60_000), 100);
    const error = await failure(rotate("datalens", {})).finally(() => clearInterval(hurry));
    vi.useRealTimers();
    expect(error.message).toContain(`ClickHouse does not answer at http://127.0.0.1:${port} (`);
    expect(read("config")).toBe(OLD);
  });
});

describe("a new password", () => {
  it("is 36 letters and digits without look-alikes, another one each time", () => {
    const many = Array.from({ length: 200 }, newPassword);
    expect(new Set(many).size).toBe(200);
    for (const password of many) expect(password).toMatch(/^[abcdefghjkmnpqrstuvwxyzA-HJKMNP-Z2-9]{36}$/);
    // Every character of the alphabet turns up among 7200.
    expect(new Set(many.join("")).size).toBe(54);
  });
});
