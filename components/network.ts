import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { stackLabels } from "./labels";

export interface NetworkArgs {
  /** Name of the Docker network. */
  name: string;
}

/** The bridge network on which the server, the sandbox and the loader runs meet. */
export class Network extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;
  /** The subnet Docker chose, e.g. `172.18.0.0/16`: users may connect from here. */
  readonly subnet: pulumi.Output<string>;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:network:Network", name, {}, opts);

    const network = new docker.Network(
      `${name}-bridge`,
      { name: args.name, driver: "bridge", labels: stackLabels() },
      // A network cannot be renamed, and its name is fixed.
      { parent: this, deleteBeforeReplace: true },
    );

    this.name = network.name;
    this.subnet = network.ipamConfigs.apply((configs) => requireSubnet(args.name, configs));
    this.registerOutputs({ name: this.name, subnet: this.subnet });
  }
}

/** First IPv4 subnet of a network. */
function requireSubnet(name: string, configs: { subnet?: string }[]): string {
  const subnet = configs.find((config) => config.subnet?.includes("."))?.subnet;
  if (subnet === undefined) {
    throw new pulumi.RunError(
      `Docker gave network ${name} no IPv4 subnet: see \`docker network inspect ${name}\``,
    );
  }
  return subnet;
}
