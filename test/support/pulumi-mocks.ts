import * as pulumi from "@pulumi/pulumi";

export interface Recorded {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** Outputs that the provider would add, by type. A type that is not listed is not mocked and throws. */
type Provided = Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>;

const PROVIDED: Provided = {
  "docker:index/network:Network": () => ({
    ipamConfigs: [{ subnet: "172.30.0.0/16", gateway: "172.30.0.1" }],
  }),
  "docker:index/volume:Volume": () => ({}),
  "docker:index/remoteImage:RemoteImage": (inputs) => ({ imageId: `id of ${String(inputs["name"])}` }),
  "docker:index/container:Container": () => ({}),
  "command:local:Command": () => ({ stdout: "", stderr: "" }),
};

/**
 * Mocks Pulumi's engine: every new resource is recorded with its inputs as the engine got them; whatever is
 * not mocked throws. Import the module under test only after this call.
 * @param config values by full key; passwords, tokens and keys count as set with `--secret`, but for those `inTheClear`
 */
export async function recordResources(
  config: Record<string, string> = {},
  stack = "unit",
  inTheClear: readonly string[] = [],
): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource(args) {
        const inputs = args.inputs as Record<string, unknown>;
        const own = args.type.startsWith("zakaz:");
        const provide = own ? () => ({}) : PROVIDED[args.type];
        if (!provide) throw new Error(`Resource type ${args.type} is not mocked`);
        recorded.push({ type: args.type, name: args.name, inputs });
        return { id: `${args.name}-id`, state: { ...inputs, ...provide(inputs) } };
      },
      call(args) {
        throw new Error(`Call ${args.token} is not mocked`);
      },
    },
    "zakaz",
    stack,
    // As in a preview: a unit test must not look at this machine's Docker.
    true,
  );
  const secretKeys = Object.keys(config).filter(
    (key) => /(Password|Token|Key|Secret|Accounts|Channels|:readers)$/.test(key) && !inTheClear.includes(key),
  );
  pulumi.runtime.setAllConfig(config, secretKeys);
  return recorded;
}

/** The one recorded resource of this type and name. */
export function found(recorded: Recorded[], type: string, name: string): Recorded {
  const matches = recorded.filter((resource) => resource.type === type && resource.name === name);
  if (matches.length !== 1) {
    const all = recorded.map((resource) => `${resource.type} ${resource.name}`).join("\n");
    throw new Error(`${matches.length} resources ${type} ${name} among:\n${all}`);
  }
  return matches[0] as Recorded;
}

/** Value of an output, once all resources are registered. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** Key and value with which Pulumi marks a secret on its way to the engine. */
const SECRET_MARK = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"] as const;

/** The value of an input that must have reached the engine marked as secret. */
export function secretValue(input: unknown): unknown {
  const marked = input as Record<string, unknown> | undefined;
  if (marked?.[SECRET_MARK[0]] !== SECRET_MARK[1]) throw new Error("This input is not marked secret");
  return marked["value"];
}
