import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { sha256 } from "./clickhouse";
import { hardening, readOnlyRoot } from "./hardening";
import { BuiltImage } from "./image";
import { recipes } from "../images";
import type { Source } from "../loaders/pipeline/source";
import { stackLabels } from "./labels";
import type { Names } from "./names";
import type { Network } from "./network";

const PORT = 8080;

/** Memory limit in MiB: all data is made in memory. */
const MEMORY = 1024;

export interface SandboxArgs {
  names: Pick<Names, "sandbox" | "sandboxImage">;
  network: Network;
  /** The token that clients of a vendor's API must send, by vendor as `sandbox/vendors.ts` names it; the container gets hashes. */
  tokens: Record<string, pulumi.Output<string>>;
  /** The synthetic data: same values, same day, same data. */
  data: { seed: number; ordersPerDay: number; days: number; events: number };
}

/** The stand-in for the vendors' APIs, reachable inside the network only. */
export class Sandbox extends pulumi.ComponentResource {
  private readonly origin: pulumi.Output<string>;

  constructor(name: string, args: SandboxArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:sandbox:Sandbox", name, {}, opts);

    const hashes = Object.entries(args.tokens).map(([vendor, token]) => [vendor, sha256(token)] as const);
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
        ...hardening,
        ...readOnlyRoot,
        memory: MEMORY,
        envs: [
          pulumi.interpolate`SANDBOX_TOKENS=${pulumi.jsonStringify(Object.fromEntries(hashes))}`,
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

    this.origin = pulumi.interpolate`http://${container.name}:${PORT}`;
    this.registerOutputs({ origin: this.origin });
  }

  /** URL of a path on the sandbox, e.g. of a vendor's API, as the loader sees it. */
  urlOf(path: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.origin}${path}`;
  }
}

/** Tokens of the vendors that the sandbox stands in for. */
export function sandboxTokens(
  sources: readonly Pick<Source, "sandbox">[],
  secrets: Record<string, pulumi.Output<string> | undefined>,
): SandboxArgs["tokens"] {
  return Object.fromEntries(
    sources.flatMap(({ sandbox }) => {
      const token = sandbox && secrets[sandbox.token];
      return sandbox && token ? [[sandbox.vendor, token]] : [];
    }),
  );
}
