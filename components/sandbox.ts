import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { sha256 } from "./clickhouse";
import { confinement, readOnlyRoot } from "./hardening";
import { BuiltImage } from "./image";
import { recipes } from "../images";
import { stackLabels } from "./labels";
import type { Names } from "./names";
import type { Network } from "./network";

const PORT = 8080;

/** Memory limit in MiB: all data is made in memory. */
const MEMORY = 1024;

export interface SandboxArgs {
  names: Pick<Names, "sandbox" | "sandboxImage">;
  network: Network;
  /** The token clients must send; the container gets its hash. */
  token: pulumi.Output<string>;
  /** The synthetic data: same values, same day, same data. */
  data: { seed: number; ordersPerDay: number; days: number; events: number };
}

/** The stand-in vendor API, reachable inside the network only. */
export class Sandbox extends pulumi.ComponentResource {
  /** Base URL of the Qtickets API as the loader sees it. */
  readonly qticketsUrl: pulumi.Output<string>;

  constructor(name: string, args: SandboxArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:sandbox:Sandbox", name, {}, opts);

    const image = new BuiltImage(
      name,
      { repository: args.names.sandboxImage, recipe: recipes.sandbox },
      { parent: this },
    );
    const container = new docker.Container(
      `${name}-server`,
      {
        name: args.names.sandbox,
        image: image.imageId,
        hostname: args.names.sandbox,
        ...confinement,
        ...readOnlyRoot,
        memory: MEMORY,
        envs: [
          pulumi.interpolate`SANDBOX_TOKEN_SHA256=${sha256(args.token)}`,
          `SANDBOX_SEED=${args.data.seed}`,
          `SANDBOX_ORDERS_PER_DAY=${args.data.ordersPerDay}`,
          `SANDBOX_DAYS=${args.data.days}`,
          `SANDBOX_EVENTS=${args.data.events}`,
        ],
        networksAdvanced: [{ name: args.network.name, aliases: [args.names.sandbox] }],
        // The image brings its own health check.
        wait: true,
        waitTimeout: 60,
        restart: "unless-stopped",
        logDriver: "json-file",
        logOpts: { "max-size": "10m", "max-file": "3" },
        labels: stackLabels(),
      },
      { parent: this, deleteBeforeReplace: true },
    );

    this.qticketsUrl = pulumi.interpolate`http://${container.name}:${PORT}/api/rest/v1`;
    this.registerOutputs({ qticketsUrl: this.qticketsUrl });
  }
}
