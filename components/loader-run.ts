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
  /** It loads by itself too: the load of the stack is the first one, and what changes later starts none. */
  isScheduled: boolean;
  /** Volume that keeps rejected records, made before the run. */
  quarantine: pulumi.Resource;
  /** Pulumi refuses to delete the source's volume. */
  protectData: boolean;
}

/** Where a run keeps the list of rejected records, and a schedule what it must know after a restart. */
const STATE_PATH = "/var/lib/zakaz";

/** A volume of a run. */
export interface RunVolume {
  name: string;
  path: string;
}

/** The dry-run smoke of a source and, where the stack says so, its load. A source out of files has neither: somebody brings the file. */
export class LoaderRun extends pulumi.ComponentResource {
  /** All that `npx zakaz smoke`, `load` and `import` need to run the image exactly as the stack does; secret. */
  readonly target: pulumi.Output<LoaderTarget>;
  /** The loader's settings; secret. */
  readonly settings: pulumi.Output<Record<string, string>>;
  /** Volumes of a run, that of its state first. */
  readonly volumes: RunVolume[];

  constructor(name: string, args: LoaderRunArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:loader:LoaderRun", name, {}, opts);

    const { job, kind, volume } = args.source;
    this.settings = settingsOf(args);
    this.volumes = [
      { name: args.names.quarantineVolume, path: STATE_PATH },
      ...(volume === undefined ? [] : [{ name: args.names.sourceVolume(volume.name), path: volume.path }]),
    ];
    this.target = this.makeTarget(args);
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
      if (args.load === "live") {
        const steps = [args.schema, smoke];
        this.step(`${name}-load`, `load ${job}`, steps, args.isScheduled);
      }
    }
    this.registerOutputs({ target: this.target });
  }

  private step(name: string, command: string, dependsOn: pulumi.Resource[], runsOnce = false): local.Command {
    return operatorCommand(name, { command, target: this.target, runsOnce }, { parent: this, dependsOn });
  }

  private makeTarget(args: LoaderRunArgs): pulumi.Output<LoaderTarget> {
    return pulumi
      .all([
        args.clickhouse.container,
        args.clickhouse.url,
        args.network.name,
        args.image.imageId,
        this.settings,
      ])
      .apply(([container, url, network, image, settings]) => ({
        container,
        url,
        network,
        image,
        volumes: this.volumes.map(({ name, path }) => `${name}:${path}`),
        labels: stackLabels().map(({ label, value }) => `${label}=${value}`),
        settings,
      }));
  }
}

/** Settings of the loader: those of every source, then what this one takes from the stack. Secret. */
function settingsOf({ source, ...args }: LoaderRunArgs): pulumi.Output<Record<string, string>> {
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
  const { sandbox: standIn } = source;
  const url = standIn && args.sandbox?.urlOf(standIn.path);
  return pulumi.secret(
    pulumi
      .all([pulumi.output(settings), url])
      .apply(([own, at]) => (at === undefined ? own : { ...own, ...standIn?.settings(at) })),
  );
}
