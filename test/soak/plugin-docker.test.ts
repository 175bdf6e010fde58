import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { buildPlugins, docker, exists, TestStack, uniqueName, type PluginHome } from "../support/plugins";
import { reservePort } from "../support/ports";
import { isCompiled } from "../support/temporary";

let home: PluginHome;
beforeAll(() => {
  home = buildPlugins();
});
afterAll(() => home.remove());

/** Every image with this test's label, tagged or not. */
const labelled = (name: string): string =>
  docker("images", "--all", "--filter", `label=zt.plugins=${name}`, "--format", "{{.Repository}}:{{.Tag}}");

describe("a network, a volume, a built image and a container", () => {
  const [net, vol, img, ch] = ["net", "vol", "img", "ch"].map(uniqueName) as [string, string, string, string];
  let stack: TestStack;
  let port: number;

  /** The program, with the parts that the tests change. */
  function write({ label = "a", ignoreLabels = false, dockerfile = "one", seconds = "600" } = {}): void {
    const context = join(stack.folder, "context");
    mkdirSync(context, { recursive: true });
    writeFileSync(join(context, "Dockerfile"), `FROM zakaz/base\nRUN echo ${dockerfile} > /version\n`);
    stack.program(`
      class Group extends pulumi.ComponentResource {
        constructor(name: string) { super("zt:test:Group", name); }
      }
      const group = new Group("group");
      const parent = { parent: group };
      const network = new docker.Network("net", { name: "${net}" }, parent);
      const volume = new docker.Volume("vol", { name: "${vol}", labels: [{ label: "zt", value: "v" }] }, parent);
      const image = new docker.RemoteImage("img", {
        name: "${img}:${dockerfile}",
        // With BuildKit the upstream provider reads \`label\`, with the classic builder \`labels\`.
        build: { context: "${context}", dockerfile: "Dockerfile", label: { "zt.plugins": "${img}" }, labels: { "zt.plugins": "${img}" } },
      }, parent);
      const container = new docker.Container("ch", {
        name: "${ch}",
        image: image.imageId,
        command: ["sleep", "${seconds}"],
        init: true,
        networksAdvanced: [{ name: network.name, aliases: ["alias-one", "alias-two"] }],
        volumes: [{ volumeName: volume.name, containerPath: "/data" }],
        mounts: [{ type: "volume", source: volume.name, target: "/mounted" }, { type: "tmpfs", target: "/scratch" }],
        ports: [{ internal: 80, external: ${port}, ip: "127.0.0.1" }],
        labels: [{ label: "zt.plugins", value: "${label}" }],
        uploads: [{ file: "/etc/zt/open.conf", content: "open" },
                  { file: "/etc/zt/secret.conf", content: pulumi.secret("zt-upload-secret") }],
        healthcheck: { tests: ["CMD-SHELL", "test -f /etc/zt/open.conf"], interval: "500ms", timeout: "2s", retries: 3 },
        ulimits: [{ name: "nofile", soft: 1024, hard: 2048 }],
        logDriver: "json-file", logOpts: { "max-size": "10m" },
        restart: "unless-stopped", wait: true, waitTimeout: 30,
      }, { parent: group, ignoreChanges: ${ignoreLabels} ? ["labels"] : [] });
      const found = docker.getNetworkOutput({ name: network.name });
      const again = docker.getRemoteImageOutput({ name: image.name });
      export const result = {
        subnet: network.ipamConfigs.apply((configs) => configs?.[0]?.subnet),
        command: container.command, aliases: container.networksAdvanced.apply((all) => all?.[0]?.aliases),
        containerId: container.id, driver: found.driver, imageId: image.imageId, sameImage: again.id,
      };`);
  }

  interface Outputs {
    result: Record<"subnet" | "containerId" | "driver" | "imageId" | "sameImage", string> & {
      command: string[];
      aliases: string[];
    };
  }

  beforeAll(async () => {
    port = await reservePort();
    stack = new TestStack(home);
    await stack.init();
    write();
    await stack.up();
  });
  afterAll(async () => {
    await stack.remove();
    expect([exists("container", ch), exists("network", net), exists("volume", vol)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(labelled(img)).toBe("");
  });

  const inspect = (format: string): string => docker("inspect", "--format", format, ch);

  it("come up as declared", async () => {
    const { result } = await stack.outputs<Outputs>();
    expect(result.subnet).toMatch(/^\d+\.\d+\.\d+\.\d+\/\d+$/);
    expect(result.command).toEqual(["sleep", "600"]);
    expect(result.aliases.sort()).toEqual(["alias-one", "alias-two"]);
    expect(result.driver).toBe("bridge");
    expect(result.sameImage).toBe(result.imageId);
    expect(inspect("{{.State.Health.Status}} {{json .Config.Cmd}}")).toBe('healthy ["sleep","600"]');
    expect(JSON.parse(inspect("{{json .HostConfig.PortBindings}}"))).toEqual({
      "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }],
    });
    expect(docker("exec", ch, "cat", "/etc/zt/open.conf", "/etc/zt/secret.conf")).toBe(
      "openzt-upload-secret",
    );
    expect(docker("exec", ch, "sh", "-c", "ls -d /data /mounted /scratch")).toBe("/data\n/mounted\n/scratch");
    expect(labelled(img)).toBe(`${img}:one`);
  });

  it("show no change in a preview and a refresh right after", async () => {
    await stack.expectNoChanges();
  });

  it("leave no socket, pipe or folder of a run behind", () => {
    // What stays are the language host's compiled sources.
    expect(readdirSync(stack.temporary).filter((name) => !isCompiled(name))).toEqual([]);
  });

  it("keep a secret upload out of the state in the clear, of docker inspect and of the preview", async () => {
    expect(await stack.expect(0, "stack", "export")).not.toContain("zt-upload-secret");
    expect(await stack.expect(0, "preview", "--diff")).not.toContain("zt-upload-secret");
    expect(docker("inspect", ch)).not.toContain("zt-upload-secret");
  });

  it("replace the container, the old one first, when its command changes, and say so under the official name", async () => {
    const { result: before } = await stack.outputs<Outputs>();
    write({ seconds: "601" });
    const preview = await stack.expect(0, "preview", "--diff");
    expect(preview).toMatch(/\+-docker:index\/container:Container: \(replace\)/);
    expect(preview).toMatch(/~ command: \[/);
    expect(preview).not.toMatch(/commands|networksAdvanceds/);
    await stack.up();
    const { result: after } = await stack.outputs<Outputs>();
    expect(after.containerId).not.toBe(before.containerId);
    expect(after.command).toEqual(["sleep", "601"]);
    await stack.expectNoChanges();
  });

  it("ignore changes of labels where asked to, and show them otherwise", async () => {
    write({ seconds: "601", label: "b", ignoreLabels: true });
    await stack.expect(0, "preview", "--diff", "--expect-no-changes");
    write({ seconds: "601", label: "b" });
    expect(await stack.expect(0, "preview", "--diff")).toMatch(/~ labels/);
  });

  it("build a new image beside the old one and leave only the new one", async () => {
    write({ seconds: "601", dockerfile: "two" });
    await stack.up();
    expect(docker("exec", ch, "cat", "/version")).toBe("two");
    expect(labelled(img)).toBe(`${img}:two`);
    await stack.expectNoChanges();
  });

  it("bring back by `up --refresh` what was removed by hand", async () => {
    docker("rm", "--force", ch);
    await stack.expect(0, "up", "--yes", "--skip-preview", "--refresh");
    expect(inspect("{{.State.Health.Status}}")).toBe("healthy");
    await stack.expectNoChanges();
  });

  it("bring back by `up --refresh` what was stopped by hand", async () => {
    docker("stop", "--time", "0", ch);
    await stack.expect(0, "up", "--yes", "--skip-preview", "--refresh");
    expect(inspect("{{.State.Status}}")).toBe("running");
    await stack.expectNoChanges();
  });
});

describe("resources around", () => {
  it("a local image by name, a tag, an import and a read work under the official names", async () => {
    const [ch, tagged] = [uniqueName("imported"), uniqueName("tag")];
    docker("run", "--detach", "--name", ch, "--network", "none", "zakaz/base", "sleep", "600");
    const stack = new TestStack(home);
    try {
      await stack.init();
      stack.program(`
        const image = new docker.RemoteImage("base", { name: "zakaz/base", keepLocally: true });
        new docker.Tag("tag", { sourceImage: image.name, targetImage: "${tagged}:1" });
        export const id = image.imageId;
        export const container = docker.Container.get("ch", "${docker("inspect", "--format", "{{.Id}}", ch)}").command;`);
      await stack.up();
      expect(await stack.outputs()).toEqual({
        id: docker("image", "inspect", "--format", "{{.Id}}", "zakaz/base"),
        container: ["sleep", "600"],
      });
      expect(exists("image", `${tagged}:1`)).toBe(true);
      await stack.expectNoChanges();
    } finally {
      await stack.remove();
      docker("rm", "--force", ch);
      if (exists("image", `${tagged}:1`)) docker("rmi", `${tagged}:1`);
    }
    expect(exists("image", "zakaz/base")).toBe(true);
  });

  it("preview a new stack without an engine", async () => {
    const stack = new TestStack(home, { DOCKER_HOST: "unix:///zt-plugins-no-engine.sock" });
    try {
      await stack.init();
      stack.program(`
        const network = new docker.Network("net", { name: "zt-plugins-preview" });
        const image = new docker.RemoteImage("img", { name: "zt-plugins-preview", build: { context: "." } });
        new docker.Container("ch", { image: image.imageId, command: ["true"], networksAdvanced: [{ name: network.name }] });`);
      expect(await stack.expect(0, "preview")).toMatch(/\+ 4 to create/);
    } finally {
      await stack.remove();
    }
  });

  it("docker.Image is refused in one sentence", async () => {
    const stack = new TestStack(home);
    try {
      await stack.init();
      stack.program(`new docker.Image("img", { imageName: "zt-plugins-refused" });`);
      expect(await stack.upFails()).toContain(
        "docker.Image is not served by this build of the docker plugin: use docker.RemoteImage with `build`",
      );
    } finally {
      await stack.remove();
    }
  });
});
