import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { preflight } from "../../../components/preflight";
import { ROOT } from "../../../images";
import { must, run } from "../../support/stack";
import { reservePort } from "../../support/ports";

/**
 * What would make an update fail half-way, asked of a real Docker engine by the real function. That `up` stops for it with one
 * sentence, and changes nothing, is test/e2e/stack.test.ts' to show.
 */
const name = `zt-preflight-${process.pid}`;
const docker = (...args: string[]) => must(run("docker", args));

let free: { httpPort: number; nativePort: number };
beforeAll(async () => {
  free = { httpPort: await reservePort(), nativePort: await reservePort() };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await run("docker", ["rm", "-f", name, `${name}-other`]);
});
afterAll(() => run("docker", ["volume", "rm", "-f", name]));

/** The sentence with which a stack of these ports is refused; undefined: nothing is in its way. */
function refusal(ports: Partial<typeof free> = {}): Promise<string | undefined> {
  const asked = { server: name, dataVolume: name, clickhouseImage: "local", bindAddress: "127.0.0.1" };
  return preflight({ ...asked, ...free, ...ports }).then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  );
}

it("passes where nothing is in the way, and where the stack's own server is there", async () => {
  expect(await refusal()).toBeUndefined();
  await docker("create", "--name", name, "--label", `zakaz.checkout=${ROOT}`, "zakaz/base", "true");
  expect(await refusal()).toBeUndefined();
});

it("says that Docker does not answer", async () => {
  vi.stubEnv("DOCKER_HOST", "unix:///nowhere.sock");
  expect(await refusal()).toBe(
    "Docker does not answer: start its engine (`make up` does), then `docker version` shows it",
  );
});

it.each([
  ["of another checkout", ["--label", "zakaz.checkout=/elsewhere"], "belongs to the checkout /elsewhere"],
  ["that nobody knows", [], "was not made by this program"],
])("leaves a server alone %s", async (_, labels, whose) => {
  await docker("create", "--name", name, ...labels, "zakaz/base", "true");
  expect(await refusal()).toMatch(
    new RegExp(
      `^Container ${name} ${whose}: remove it there \\(\`make down\`\\), or give this stack names and ports of its own: `,
    ),
  );
});

it("names the key of a port that another program has", async () => {
  const squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const { port } = squatter.address() as AddressInfo;
  try {
    expect(await refusal({ nativePort: port })).toBe(
      `Port ${port} on 127.0.0.1 is taken by another program: free it (\`ss -ltnp 'sport = :${port}'\` shows who has it), ` +
        "or choose another: pulumi config set zakaz:nativePort <port>",
    );
  } finally {
    squatter.close();
  }
});

it("names the container that has a port", async () => {
  const port = free.httpPort;
  await docker(
    "run",
    "-d",
    "--name",
    `${name}-other`,
    "-p",
    `127.0.0.1:${port}:80`,
    "zakaz/base",
    "sleep",
    "600",
  );
  expect(await refusal()).toMatch(
    new RegExp(`^Port ${port} on 127.0.0.1 is taken by container ${name}-other: free it `),
  );
});

it("does not touch data of the former development engine, and takes others", async () => {
  const inVolume = (command: string) =>
    docker("run", "--rm", "-v", `${name}:/data`, "zakaz/base", "sh", "-c", command);
  await inVolume("mkdir /data/access && touch /data/access/users.list");
  expect(await refusal()).toBeUndefined();
  await inVolume("touch /data/access/embedded.json");
  expect(await refusal()).toBe(
    `Volume ${name} was written by the former development engine (ClickHouse 26.7), which ClickHouse 25.8.2 cannot read: ` +
      "nothing was changed; `make down` removes that stack with its data, and `make up` builds it anew",
  );
});
