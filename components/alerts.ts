import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { PATHS, type AlerterSettings, type AlertSettings } from "../alerts/settings";
import { sha256Hex } from "../clickhouse/password-hash";
import { channelsIn } from "../config/alert-channels";
import type { JobSchedule } from "../config/schedule";
import type { Source } from "../loaders/pipeline/source";
import { healthCheck } from "../schedule/health";
import { parseSpan } from "../schedule/timetable";
import { users } from "../warehouse/catalogue";
import type { Access } from "./access";
import type { ClickHouse } from "./clickhouse";
import { hardening } from "./hardening";
import type { BuiltImage } from "./image";
import { stackLabels } from "./labels";
import { longLived } from "./long-lived";
import { HTTP_PORT, type Names } from "./names";
import type { Network } from "./network";
import { operatorCommand } from "./operator-command";
import type { Schema } from "./schema";
import { secretFile } from "./secret-file";

/** Memory limit in MiB. */
const MEMORY = 192;

export interface AlertsArgs {
  names: Pick<Names, "alerts">;
  network: Network;
  clickhouse: ClickHouse;
  /** It logs in as a user whom this makes. */
  access: Access;
  /** It reads and writes what this makes. */
  schema: Schema;
  /** The loaders' image, which has its bundle. */
  image: BuiltImage;
  monitorPassword: pulumi.Output<string>;
  settings: AlertSettings;
  /** As the secret `zakaz:alertChannels` has them. */
  channels: pulumi.Output<string>;
  /** Those that the stack has switched on. */
  sources: readonly Pick<Source, "job" | "kind" | "freshHours">[];
  /** Jobs that are run by themselves. */
  schedules: readonly ({ job: string } & JobSchedule)[];
}

/**
 * The container that watches and tells. Its settings are a file that only its user can read; other settings are another file,
 * which the next round reads, and one more test of its channels.
 */
export class Alerts extends pulumi.ComponentResource {
  /** All that `npx zakaz alert-test` and `status` need. */
  readonly target: pulumi.Output<{ container: string }>;

  constructor(name: string, args: AlertsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:alerts:Alerts", name, {}, opts);

    const volume = new docker.Volume(
      `${name}-state`,
      { name: args.names.alerts, labels: stackLabels() },
      { parent: this, ignoreChanges: ["labels"] },
    );
    const container = new docker.Container(
      `${name}-watch`,
      {
        name: args.names.alerts,
        image: args.image.imageId,
        hostname: args.names.alerts,
        // It collects its garbage itself, after each round.
        entrypoints: [
          "node",
          "--expose-gc",
          "--max-semi-space-size=1",
          "--max-old-space-size=64",
          "/app/alerts.js",
        ],
        command: ["watch", "--every", `${args.settings.everySeconds}s`],
        // Its root stays writable: that is where its settings are.
        ...hardening,
        tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=16m" },
        memory: MEMORY,
        networksAdvanced: [{ name: args.network.name, aliases: [args.names.alerts] }],
        volumes: [{ containerPath: PATHS.state, volumeName: volume.name }],
        healthcheck: { tests: healthCheck(PATHS.health), interval: "5s", timeout: "5s", retries: 12 },
        wait: true,
        waitTimeout: 120,
        ...longLived,
        destroyGraceSeconds: 10,
        labels: stackLabels(),
      },
      { parent: this, deleteBeforeReplace: true, dependsOn: [args.access, args.schema] },
    );

    const { content, sha256 } = settingsFile(args);
    const file = secretFile(
      `${name}-settings`,
      { container, path: PATHS.settings, content },
      { parent: this },
    );

    this.target = container.name.apply((running) => ({ container: running }));
    operatorCommand(
      `${name}-test`,
      { command: "alert-test", target: pulumi.secret({ container: container.name, settingsSha256: sha256 }) },
      { parent: this, dependsOn: [file] },
    );
    this.registerOutputs({ target: this.target });
  }
}

/** What the container reads, and the hash of what a test tries: not of the password, which changes without a word to anybody. */
function settingsFile(args: AlertsArgs): { content: pulumi.Output<string>; sha256: pulumi.Output<string> } {
  const { clickhouse, monitorPassword, settings } = args;
  const schedules = args.schedules.map(({ job, at, jitter, timeout }) => ({
    ...{ job, timetable: at, longestSeconds: (parseSpan(jitter) + parseSpan(timeout)) / 1000 },
  }));
  const sources = args.sources
    .filter(({ kind }) => kind === "api")
    .map(({ job, freshHours }) => ({ job, ...(freshHours === undefined ? {} : { freshHours }) }));
  const channels = args.channels.apply((json) => [...channelsIn(json)]);
  const stack = pulumi.getStack();
  const content = pulumi
    .all([clickhouse.container, monitorPassword, channels])
    .apply(([server, password, list]) => {
      const warehouse = { url: `http://${server}:${HTTP_PORT}`, user: users.monitor, password };
      const all: AlerterSettings = { stack, warehouse, settings, channels: list, sources, schedules };
      return `${JSON.stringify(all)}\n`;
    });
  return { content, sha256: channels.apply((list) => sha256Hex(JSON.stringify([settings, list]))) };
}
