import { describe, expect, it } from "vitest";

import { engineSettings, httpOptions, logText, type Engine } from "../../../toolchain/plugins/docker/engine";
import { Leftovers } from "../../../toolchain/plugins/docker/leftovers";

/** An engine with containers by name, which notes what is removed. */
function fakeEngine(containers: Record<string, string>): { engine: Engine; removed: string[] } {
  const removed: string[] = [];
  const engine = {
    containerId: (name: string) => Promise.resolve(containers[name]),
    lastLines: (id: string) => Promise.resolve(`log of ${id}\n`),
    removeContainer: (id: string) => Promise.resolve(removed.push(id) > 0),
  };
  return { engine: engine as unknown as Engine, removed };
}

describe("what a failed create leaves behind", () => {
  it("is removed, after its last lines were read", async () => {
    const containers: Record<string, string> = {};
    const { engine, removed } = fakeEngine(containers);
    const leftovers = new Leftovers(() => engine);
    const attempt = await leftovers.begin("ch");
    containers.ch = "new";
    expect(await leftovers.clear(attempt, "port is taken")).toEqual({ log: "log of new", removed: true });
    expect(removed).toEqual(["new"]);
  });

  it("is nothing when the container stood there before", async () => {
    const { engine, removed } = fakeEngine({ ch: "old" });
    const leftovers = new Leftovers(() => engine);
    expect(await leftovers.clear(await leftovers.begin("ch"), "failed")).toEqual({ log: "", removed: false });
    expect(removed).toEqual([]);
  });

  it("is nothing when no container was made", async () => {
    const { engine, removed } = fakeEngine({});
    const leftovers = new Leftovers(() => engine);
    await leftovers.clear(await leftovers.begin("ch"), "no such image");
    expect(removed).toEqual([]);
  });

  it("is not a container that somebody else made under the name in the meantime", async () => {
    const containers: Record<string, string> = {};
    const { engine, removed } = fakeEngine(containers);
    const leftovers = new Leftovers(() => engine);
    const attempt = await leftovers.begin("ch");
    containers.ch = "theirs";
    await leftovers.clear(attempt, 'The container name "/ch" is already in use by container "theirs"');
    expect(removed).toEqual([]);
  });

  it("is cleared for creates in progress when the plugin ends, and only for those", async () => {
    const containers: Record<string, string> = {};
    const { engine, removed } = fakeEngine(containers);
    const leftovers = new Leftovers(() => engine);
    leftovers.end(await leftovers.begin("done"));
    const half = await leftovers.begin("half");
    Object.assign(containers, { done: "1", half: "2" });
    await leftovers.abandonAll();
    expect(removed).toEqual(["2"]);
    expect(half.abandoned).toBe(true);
  });
});

describe("the way to the engine", () => {
  it("is the provider's setting, then the environment, then the local socket", () => {
    expect(httpOptions(engineSettings({ host: "tcp://h:1" }, { DOCKER_HOST: "unix:///e" }))).toEqual({
      host: "h",
      port: "1",
    });
    expect(httpOptions(engineSettings({}, { DOCKER_HOST: "unix:///e.sock" }))).toEqual({
      socketPath: "/e.sock",
    });
    expect(httpOptions(engineSettings({}, {}))).toEqual({ socketPath: "/var/run/docker.sock" });
  });

  it("is none where plain HTTP does not lead: ssh, TLS, contexts", () => {
    expect(httpOptions(engineSettings({ host: "ssh://h" }, {}))).toBeUndefined();
    expect(httpOptions(engineSettings({}, { DOCKER_CERT_PATH: "/c" }))).toBeUndefined();
    expect(httpOptions(engineSettings({ context: "remote" }, {}))).toBeUndefined();
  });

  it("answers logs in frames, or as they are from a terminal", () => {
    const frame = (stream: number, text: string): Buffer => {
      const header = Buffer.alloc(8);
      header[0] = stream;
      header.writeUInt32BE(text.length, 4);
      return Buffer.concat([header, Buffer.from(text)]);
    };
    expect(logText(Buffer.concat([frame(1, "out\n"), frame(2, "err\n")]))).toBe("out\nerr\n");
    expect(logText(Buffer.from("plain text\n"))).toBe("plain text\n");
    expect(logText(Buffer.alloc(0))).toBe("");
  });
});
