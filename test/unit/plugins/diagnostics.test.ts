import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  DiagnosticLog,
  parseLogLine,
  plain,
  sentence,
  type Diagnostic,
} from "../../../toolchain/plugins/docker/diagnostics";

const logged = (fields: Record<string, string>): string =>
  JSON.stringify({
    "@level": "error",
    "@message": "Response contains error diagnostic",
    diagnostic_severity: "ERROR",
    diagnostic_detail: "",
    tf_rpc: "ApplyResourceChange",
    tf_resource_type: "docker_container",
    ...fields,
  });

const diagnostic = (changes: Partial<Diagnostic>): Diagnostic => ({
  operation: "ApplyResourceChange",
  subject: "docker_container",
  text: "failed",
  readAt: 100,
  ...changes,
});

const failedCall = {
  operations: ["ApplyResourceChange"],
  subject: "docker_container",
  startedAt: 50,
  mentions: [],
};

describe("the bridge's log", () => {
  it("yields operation, subject and text of an error", () => {
    expect(parseLogLine(logged({ diagnostic_summary: "no", diagnostic_detail: "because" }), 7)).toEqual({
      operation: "ApplyResourceChange",
      subject: "docker_container",
      text: "no: because",
      readAt: 7,
    });
  });

  it("says a text once when summary and detail are the same", () => {
    expect(parseLogLine(logged({ diagnostic_summary: "no", diagnostic_detail: "no" }), 7)).toMatchObject({
      text: "no",
    });
  });

  it("tells its other entries from foreign text, which is to be shown", () => {
    expect(parseLogLine('{"@level":"debug","@message":"created provider logger"}', 0)).toBe("noise");
    expect(parseLogLine(logged({ diagnostic_severity: "WARNING" }), 0)).toBe("noise");
    expect(parseLogLine("panic: runtime error", 0)).toBeUndefined();
    expect(parseLogLine("42", 0)).toBeUndefined();
    expect(parseLogLine('{"a":1}', 0)).toBeUndefined();
  });

  it("never throws, whatever a line holds", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => void parseLogLine(line, 0)));
  });
});

describe("finding the reason of a call", () => {
  it("takes only a line of its own kind and time, and each line once", async () => {
    const log = new DiagnosticLog();
    log.add(diagnostic({ text: "older call", readAt: 49 }));
    log.add(diagnostic({ text: "other subject", subject: "docker_image" }));
    log.add(diagnostic({ text: "other operation", operation: "ReadResource" }));
    log.add(diagnostic({ text: "mine" }));
    expect(await log.take(failedCall, 0)).toBe("mine");
    expect(await log.take(failedCall, 0)).toBeUndefined();
  });

  it("prefers the line that names the resource when two calls fail together", async () => {
    const log = new DiagnosticLog();
    log.add(diagnostic({ text: "container a failed" }));
    log.add(diagnostic({ text: "container b failed" }));
    expect(await log.take({ ...failedCall, mentions: ["b"] }, 0)).toBe("container b failed");
    expect(await log.take({ ...failedCall, mentions: ["x"] }, 0)).toBe("container a failed");
  });

  it("waits for a line that comes after the answer", async () => {
    const log = new DiagnosticLog();
    const reason = log.take(failedCall, 1_000);
    log.add(diagnostic({ text: "an answer to somebody else", subject: "docker_image" }));
    log.add(diagnostic({ text: "late" }));
    expect(await reason).toBe("late");
  });

  it("gives up after its patience", async () => {
    expect(await new DiagnosticLog().take(failedCall, 20)).toBeUndefined();
  });
});

describe("sentences", () => {
  const bare = (text: string): string => sentence(text, (masked) => masked);

  it("are one line without colours", () => {
    expect(plain("a\u001b[31mred\u001b[0m\n\tb  c\u0007")).toBe("ared b c");
    fc.assert(
      fc.property(fc.string(), (text) => {
        // eslint-disable-next-line no-control-regex
        expect(plain(text)).not.toMatch(/[\u0000-\u001f\u007f]|^\s|\s$/);
      }),
    );
  });

  it.each([
    [
      "driver failed: Bind for 127.0.0.1:8123 failed: port is already allocated",
      "port 127.0.0.1:8123 is taken",
    ],
    ["userland proxy: listen tcp4 127.0.0.1:80: bind: address already in use", "port 127.0.0.1:80 is taken"],
    [
      'Conflict. The container name "/ch" is already in use by container "ab"',
      "a container named ch exists already",
    ],
    ["network with name n_1 already exists", "a network named n_1 exists already"],
    ["error while removing network: network n id 1 has active endpoints", "containers are still attached"],
    ["unable to pull image a/b:1: error pulling image a/b:1: no such host", "the image a/b:1 is neither"],
    [
      "Error: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",
      "the Docker engine",
    ],
    ["Error running buildx build: failed to solve: exit code: 3", "the image build failed"],
    ["container failed to be in healthy state", "the container started but"],
    ["timeout while waiting for state to become 'removed' (timeout: 30s)", "containers are still attached"],
  ])("explain %j", (reason, beginning) => {
    expect(bare(reason).slice(0, beginning.length)).toBe(beginning);
    expect(bare(reason)).toContain(reason);
  });

  it("leave other reasons as they are, masked", () => {
    expect(sentence("odd hunter2 failure", (text) => text.replace("hunter2", "[secret]"))).toBe(
      "odd [secret] failure",
    );
  });
});
