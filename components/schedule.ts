import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { JobSchedule } from "../config/schedule";
import type { Source } from "../loaders/pipeline/source";
import { healthCheck } from "../schedule/health";
import { moscowTime, parseTimetable } from "../schedule/timetable";
import { hardening } from "./hardening";
import type { BuiltImage } from "./image";
import { stackLabels } from "./labels";
import type { LoaderRun } from "./loader-run";
import { longLived } from "./long-lived";
import type { Names } from "./names";
import type { Network } from "./network";
import type { Schema } from "./schema";
import { secretFile } from "./secret-file";

export interface ScheduleArgs extends JobSchedule {
  /** What is loaded. */
  source: Source;
  names: Pick<Names, "schedule">;
  network: Network;
  /** What is loaded into. */
  schema: Schema;
  image: BuiltImage;
  /** The run that this one repeats; its first load, where there is one, comes before. */
  run: LoaderRun;
}

/** Where the container finds its settings (its user's folder in the image), and where it says how it is. */
const SETTINGS_FILE = "/etc/zakaz/loader.env";
const HEALTH_FILE = "/tmp/health";

/** Memory limit in MiB, as a run by hand has it. */
const MEMORY = 1024;

/** Seconds that a run under way has for an orderly end when its container is stopped or replaced: more than the loader takes. */
const GRACE_SECONDS = 60;

/**
 * The container that loads a source by the clock. It runs the loader's image with the settings of a run, in a file that only its
 * user can read; other settings are another file, which the next load reads. It has no access to Docker.
 */
export class Schedule extends pulumi.ComponentResource {
  /** Name of the container. */
  readonly container: pulumi.Output<string>;

  constructor(name: string, args: ScheduleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:loader:Schedule", name, {}, opts);

    const { job, folder } = args.source;
    const [state] = args.run.volumes;
    const container = new docker.Container(
      `${name}-container`,
      {
        name: args.names.schedule(folder),
        image: args.image.imageId,
        command: [
          ...[job, "schedule", "--at", args.at, "--jitter", args.jitter, "--timeout", args.timeout],
          ...["--envfile", SETTINGS_FILE, "--health", HEALTH_FILE],
          ...["--state", `${state?.path}/schedule/${job}.json`],
        ],
        // Its root stays writable: that is where the settings are.
        ...hardening,
        tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=64m" },
        memory: MEMORY,
        networksAdvanced: [{ name: args.network.name }],
        volumes: args.run.volumes.map(({ name: volumeName, path }) => ({ volumeName, containerPath: path })),
        healthcheck: {
          tests: healthCheck(HEALTH_FILE),
          interval: "10s",
          timeout: "5s",
          startPeriod: "10s",
          retries: 2,
        },
        wait: true,
        waitTimeout: 120,
        ...longLived,
        stopTimeout: GRACE_SECONDS,
        destroyGraceSeconds: GRACE_SECONDS,
        labels: stackLabels(),
      },
      { parent: this, deleteBeforeReplace: true, dependsOn: [args.schema, args.run] },
    );

    secretFile(
      `${name}-settings`,
      { container, path: SETTINGS_FILE, content: args.run.settings.apply(envFile) },
      { parent: this },
    );

    const next = moscowTime(parseTimetable(args.at).next(Date.now()));
    void pulumi.log.info(`${job} loads by itself (${args.at}); the next load is due at ${next}`, this);
    this.container = container.name;
    this.registerOutputs({ container: this.container });
  }
}

/** Settings as `NAME=value` lines. */
function envFile(settings: Record<string, string>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
