import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hardening, readOnlyRoot } from "./hardening";
import { BuiltImage } from "./image";
import { recipes } from "../images";
import type { Source, SourceSandbox } from "../loaders/pipeline/source";
import { sha256Hex } from "../clickhouse/password-hash";
import { stackLabels } from "./labels";
import { longLived } from "./long-lived";
import type { Names } from "./names";
import type { Network } from "./network";

const PORT = 8080;

/** Memory limit in MiB: all data is made in memory. */
const MEMORY = 1024;

/** The image has no wget; bash alone asks for the status line. */
const HEALTH_CHECK = [
  "CMD",
  "bash",
  "-c",
  `exec 3<>/dev/tcp/127.0.0.1/${PORT}; printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3; read -r _ code _ <&3; [ "$code" = 200 ]`,
];

export interface SandboxArgs {
  names: Pick<Names, "sandbox" | "sandboxImage">;
  network: Network;
  /** Who may ask, by vendor as `sandbox/vendors.ts` names it: the SHA-256 of what a client proves itself by, and whose data it sees. */
  clients: Record<string, pulumi.Output<SandboxClient[]>>;
  /** The synthetic data: same values, same day, same data. */
  data: { seed: number; ordersPerDay: number; days: number; events: number };
  /** Time between two health checks, e.g. `2s`. */
  healthInterval: string;
}

export interface SandboxClient {
  sha256: string;
  account?: string;
}

/** The stand-in for the vendors' APIs, reachable inside the network only. */
export class Sandbox extends pulumi.ComponentResource {
  /** Name of its container. */
  readonly container: pulumi.Output<string>;
  private readonly origin: pulumi.Output<string>;

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
        ...hardening,
        ...readOnlyRoot,
        memory: MEMORY,
        envs: [
          pulumi.interpolate`SANDBOX_CLIENTS=${pulumi.jsonStringify(args.clients)}`,
          `SANDBOX_SEED=${args.data.seed}`,
          `SANDBOX_ORDERS_PER_DAY=${args.data.ordersPerDay}`,
          `SANDBOX_DAYS=${args.data.days}`,
          `SANDBOX_EVENTS=${args.data.events}`,
        ],
        networksAdvanced: [{ name: args.network.name, aliases: [args.names.sandbox] }],
        healthcheck: { tests: HEALTH_CHECK, interval: args.healthInterval, timeout: "5s", retries: 60 },
        wait: true,
        waitTimeout: 60,
        ...longLived,
        labels: stackLabels(),
      },
      { parent: this, deleteBeforeReplace: true },
    );

    this.container = container.name;
    this.origin = pulumi.interpolate`http://${this.container}:${PORT}`;
    this.registerOutputs({ origin: this.origin });
  }

  /** URL of a path on the sandbox, e.g. of a vendor's API, as the loader sees it. */
  urlOf(path: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.origin}${path}`;
  }
}

/** Clients of the vendors that the sandbox stands in for. */
export function sandboxClients(
  sources: readonly Pick<Source, "sandbox">[],
  secrets: Record<string, pulumi.Output<string> | undefined>,
): SandboxArgs["clients"] {
  return Object.fromEntries(
    sources.flatMap(({ sandbox }) => {
      const secret = sandbox && secrets[sandbox.secret];
      return sandbox && secret ? [[sandbox.vendor, clientsOf(sandbox, secret)]] : [];
    }),
  );
}

/** Hashes are no secrets: they tell nothing of what they are made of. */
function clientsOf(
  { clients }: SourceSandbox,
  secret: pulumi.Output<string>,
): pulumi.Output<SandboxClient[]> {
  return pulumi.unsecret(
    secret.apply((value) =>
      clients(value).map(({ credential, ...rest }) => ({
        sha256: sha256Hex(credential),
        ...rest,
      })),
    ),
  );
}
