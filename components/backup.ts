import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { HEALTH_FILE } from "../backup/health-file";
import { SETTINGS_FILE } from "../backup/settings";
import type { Settings } from "../config/settings";
import { recipes } from "../images";
import { healthCheck } from "../schedule/health";
import type { S3Storage } from "../warehouse/backup/place";
import { users } from "../warehouse/catalogue";
import { BACKUPS_PATH, dataVolume, SERVER_USER, type BackupsVolume } from "./clickhouse";
import { hardening } from "./hardening";
import { BuiltImage } from "./image";
import { stackLabels } from "./labels";
import { longLived } from "./long-lived";
import { HTTP_PORT, type Names } from "./names";
import type { Network } from "./network";
import { secretFile } from "./secret-file";

/** Memory limit in MiB. */
const MEMORY = 256;

export interface BackupArgs {
  names: Pick<Names, "server" | "backup" | "backupsVolume" | "backupImage">;
  network: Network;
  /** Password of `backup_user`; this container alone has it. */
  backupPassword: pulumi.Output<string>;
  /** Secret of the key to object storage, where backups are kept in one. */
  backupS3Secret: pulumi.Output<string> | undefined;
  /** Schedule, retention, promise and place. */
  backup: Settings["backup"];
  /** True: the volume cannot be deleted by Pulumi, and stays when it goes out of the stack. */
  protectData: boolean;
}

/**
 * The volume of the backups and the container that makes, verifies and deletes them. It comes before the server: a new volume
 * takes its owner from this image, and the server's user could not write to it otherwise.
 */
export class Backup extends pulumi.ComponentResource {
  /** For the server to mount. */
  readonly volume: BackupsVolume;
  /** Name of the container, in which `npx zakaz backup` runs. */
  readonly container: pulumi.Output<string>;
  /** Object storage in which the backups are, for commands that restore; secret. Undefined: they are in the volume. */
  readonly storage: pulumi.Output<S3Storage> | undefined;

  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:backup:Backup", name, {}, opts);

    const volume = dataVolume(`${name}-volume`, args.names.backupsVolume, args, this);
    const image = new BuiltImage(
      name,
      { repository: args.names.backupImage, recipe: recipes.backup },
      { parent: this },
    );
    const container = new docker.Container(
      `${name}-container`,
      {
        name: args.names.backup,
        image: image.imageId,
        hostname: args.names.backup,
        command: ["serve", "--at", args.backup.schedule, "--timeout", `${args.backup.limitMinutes}m`],
        user: SERVER_USER,
        // Its root stays writable: that is where its settings are.
        ...hardening,
        memory: MEMORY,
        networksAdvanced: [{ name: args.network.name, aliases: [args.names.backup] }],
        volumes: [{ containerPath: BACKUPS_PATH, volumeName: volume.name }],
        ...(args.backup.schedule === "off"
          ? {}
          : { healthcheck: { tests: healthCheck(HEALTH_FILE), interval: "30s", timeout: "5s", retries: 2 } }),
        ...longLived,
        destroyGraceSeconds: 30,
        labels: stackLabels(),
      },
      { parent: this, deleteBeforeReplace: true },
    );

    const { s3 } = args.backup;
    this.storage = s3 && pulumi.secret(pulumi.output({ ...s3, secret: args.backupS3Secret ?? "" }));
    secretFile(
      `${name}-settings`,
      { container, path: SETTINGS_FILE, content: settingsFile(args, this.storage) },
      { parent: this },
    );

    this.volume = { name: volume.name, ready: container };
    this.container = container.name;
    this.registerOutputs({ container: this.container, volume: volume.name });
  }
}

/** See backup/settings.ts. */
function settingsFile(
  { names, backup, backupPassword }: BackupArgs,
  storage: pulumi.Output<S3Storage> | undefined,
): pulumi.Output<string> {
  const { schedule: _, s3: __, ...policy } = backup;
  return pulumi.secret(
    pulumi.jsonStringify({
      warehouse: {
        url: `http://${names.server}:${HTTP_PORT}`,
        user: users.backup,
        password: backupPassword,
      },
      policy,
      folder: BACKUPS_PATH,
      ...(storage === undefined ? {} : { storage }),
    }),
  );
}
