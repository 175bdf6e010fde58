import { local } from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings";
import type { Source } from "../loaders/pipeline/source";
import { DATABASE, users } from "../warehouse/catalogue";
import type { LoaderTarget } from "../warehouse/target";
import type { ClickHouse } from "./clickhouse";
import type { BuiltImage } from "./image";
import { stackLabels } from "./labels";
import { HTTP_PORT, type Names } from "./names";
import type { Network } from "./network";
import { operatorCommand } from "./operator-command";
import type { Sandbox } from "./sandbox";
import type { Access } from "./access";
import type { Schema } from "./schema";

export interface LoaderRunArgs {
  /** What is loaded. */
  source: Source;
  names: Pick<Names, "quarantineVolume" | "sourceVolume">;
  clickhouse: ClickHouse;
  network: Network;
  /** The smoke logs in as the loader's user: it runs after it. */
  access: Access;
  /** What a load writes into: it runs after it. The smoke writes nothing, and need not wait. */
  schema: Schema;
  image: BuiltImage;
  loaderPassword: pulumi.Output<string>;
  /** Secrets of the stack by key; the source takes its own. */
  secrets: Record<string, pulumi.Output<string> | undefined>;
  /** What stands in for the source's API; undefined: the vendor's own is read, the loader's default. */
  sandbox: Sandbox | undefined;
  /** Names of the optional data sets that are read besides, of all sources. */
  datasets: Settings["datasets"];
  /** `none`: nothing runs. `dryRun`: the smoke. `live`: the smoke, then a load. */
  load: Settings["load"];
  /** Volume that keeps rejected records, made before the run. */
  quarantine: pulumi.Resource;
  /** Pulumi refuses to delete the source's volume. */
  protectData: boolean;
}

/** Where a run keeps the list of rejected records. */
const QUARANTINE_PATH = "/var/lib/zakaz";

/** The dry-run smoke of a source and, where the stack says so, its load. A source out of files has neither: somebody brings the file. */
export class LoaderRun extends pulumi.ComponentResource {
  /** All that `npx zakaz smoke`, `load` and `import` need to run the image exactly as the stack does; secret. */
  readonly target: pulumi.Output<LoaderTarget>;

  constructor(name: string, args: LoaderRunArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:loader:LoaderRun", name, {}, opts);

    this.target = loaderTarget(args);
    const { job, kind, volume } = args.source;
    const kept =
      volume === undefined
        ? []
        : [
            new docker.Volume(
              `${name}-volume`,
              { name: args.names.sourceVolume(volume.name), labels: stackLabels() },
              { parent: this, protect: args.protectData, ignoreChanges: ["labels"] },
            ),
          ];
    if (kind === "api" && args.load !== "none") {
      const smoke = this.step(`${name}-smoke`, `smoke ${job}`, [args.access, args.quarantine, ...kept]);
      if (args.load === "live") this.step(`${name}-load`, `load ${job}`, [args.schema, smoke]);
    }
    this.registerOutputs({ target: this.target });
  }

  private step(name: string, command: string, dependsOn: pulumi.Resource[]): local.Command {
    return operatorCommand(name, { command, target: this.target }, { parent: this, dependsOn });
  }
}

/** Settings of the loader: those of every source, then what this one takes from the stack. */
function settingsOf({ source, ...args }: LoaderRunArgs): Record<string, pulumi.Input<string>> {
  const settings: Record<string, pulumi.Input<string>> = {
    CLICKHOUSE_HOST: args.clickhouse.container,
    CLICKHOUSE_PORT: String(HTTP_PORT),
    CLICKHOUSE_DB: DATABASE,
    CLICKHOUSE_USER: users.loader,
    CLICKHOUSE_PASSWORD: args.loaderPassword,
  };
  for (const [key, { setting }] of Object.entries(source.secrets)) {
    const secret = args.secrets[key];
    if (secret !== undefined) settings[setting] = secret;
  }
  for (const [name, { setting, value }] of Object.entries(source.datasets)) {
    if (args.datasets.includes(name)) settings[setting] = value;
  }
  return settings;
}

function loaderTarget(args: LoaderRunArgs): pulumi.Output<LoaderTarget> {
  const { sandbox: standIn, volume } = args.source;
  const url = standIn && args.sandbox?.urlOf(standIn.path);
  return pulumi
    .all([
      args.clickhouse.container,
      args.clickhouse.url,
      args.network.name,
      args.image.imageId,
      pulumi.secret(pulumi.output(settingsOf(args))),
      url,
    ])
    .apply(([container, clickhouseUrl, network, image, settings, sandboxUrl]) => ({
      container,
      url: clickhouseUrl,
      network,
      image,
      volumes: [
        `${args.names.quarantineVolume}:${QUARANTINE_PATH}`,
        ...(volume === undefined ? [] : [`${args.names.sourceVolume(volume.name)}:${volume.path}`]),
      ],
      labels: stackLabels().map(({ label, value }) => `${label}=${value}`),
      settings: sandboxUrl === undefined ? settings : { ...settings, ...standIn?.settings(sandboxUrl) },
    }));
}
