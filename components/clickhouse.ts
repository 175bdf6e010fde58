import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { adminUserXml } from "../clickhouse/admin-user";
import { sha256Hex } from "../clickhouse/password-hash";
import type { WarehouseTarget } from "../warehouse/target";
import { hardening } from "./hardening";
import { ROOT, localServerImage } from "../images";
import { CHECKOUT_LABEL, stackLabels } from "./labels";
import { users } from "../warehouse/catalogue";
import { longLived } from "./long-lived";
import { HTTP_PORT, NATIVE_PORT, type Names } from "./names";
import type { Network } from "./network";

export interface ClickHouseArgs {
  names: Pick<Names, "server" | "dataVolume" | "logsVolume">;
  /** Volume of the backups, which has its owner already. */
  backups: BackupsVolume;
  network: Network;
  /** `local`: the one that set-up makes; or a reference of the official image with its digest. */
  image: string;
  /** Password of `admin`; only its hash leaves this component. */
  adminPassword: pulumi.Output<string>;
  /** Host address and ports on which the server is published. */
  bindAddress: string;
  httpPort: number;
  nativePort: number;
  /** Limit of open files. */
  nofile: number;
  /** Memory limit in MiB. */
  memory: number;
  /** Time between two health checks, e.g. `2s`. */
  healthInterval: string;
  /** True: the volumes cannot be deleted by Pulumi. */
  protectData: boolean;
}

/**
 * The user `clickhouse` of both images, by number. The official image's entrypoint, started as this user, needs no
 * right of root: it skips its chown, and Docker gives new volumes the image's folders, which every user may write.
 */
export const SERVER_USER = "101:101";

/** Where the volume of the backups is mounted, in the server as in the backup container. */
export const BACKUPS_PATH = "/backups";

/** A volume that must be there, with its owner, before the server's container is. */
export interface BackupsVolume {
  name: pulumi.Output<string>;
  ready: pulumi.Resource;
}

/** The ClickHouse server: its image, its volumes and its container, healthy when this component is done. */
export class ClickHouse extends pulumi.ComponentResource {
  /** Name of the container, known to the network by it. */
  readonly container: pulumi.Output<string>;
  /** Changes whenever the container is made anew. */
  readonly containerId: pulumi.Output<string>;
  /** URL of the HTTP interface as seen from the host. */
  readonly url: pulumi.Output<string>;
  /** All that commands need to work on the server as `admin`; secret. */
  readonly target: pulumi.Output<WarehouseTarget>;

  constructor(name: string, args: ClickHouseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:clickhouse:ClickHouse", name, {}, opts);

    // Neither image is the stack's own: a gigabyte that the next stack needs too stays where it is.
    const image = new docker.RemoteImage(
      `${name}-image`,
      { name: args.image === "local" ? localServerImage() : args.image, keepLocally: true },
      { parent: this },
    );
    const volumes = [
      { path: "/var/lib/clickhouse", volume: dataVolume(`${name}-data`, args.names.dataVolume, args, this) },
      {
        path: "/var/log/clickhouse-server",
        volume: dataVolume(`${name}-logs`, args.names.logsVolume, args, this),
      },
      { path: BACKUPS_PATH, volume: args.backups },
    ];
    const container = new docker.Container(
      `${name}-server`,
      {
        name: args.names.server,
        image: image.imageId,
        hostname: args.names.server,
        user: SERVER_USER,
        // Its root stays writable: the files below are uploaded into it.
        ...hardening,
        memory: args.memory,
        // Without the first the official image writes a user file of its own.
        envs: ["CLICKHOUSE_SKIP_USER_SETUP=1", "TZ=Europe/Moscow"],
        ports: [
          { internal: HTTP_PORT, external: args.httpPort, ip: args.bindAddress },
          { internal: NATIVE_PORT, external: args.nativePort, ip: args.bindAddress },
        ],
        networksAdvanced: [{ name: args.network.name, aliases: [args.names.server] }],
        volumes: volumes.map(({ path, volume }) => ({ containerPath: path, volumeName: volume.name })),
        uploads: [
          ...serverFiles("config.d"),
          ...serverFiles("users.d"),
          { file: "/etc/clickhouse-server/users.d/admin.xml", content: adminFile(args) },
        ],
        ulimits: [{ name: "nofile", soft: args.nofile, hard: args.nofile }],
        healthcheck: {
          tests: ["CMD", "wget", "-q", "--spider", `http://127.0.0.1:${HTTP_PORT}/ping`],
          interval: args.healthInterval,
          timeout: "5s",
          retries: 60,
        },
        wait: true,
        waitTimeout: 120,
        ...longLived,
        destroyGraceSeconds: 30,
        logOpts: { "max-size": "100m", "max-file": "3" },
        labels: [...stackLabels(), { label: CHECKOUT_LABEL, value: ROOT }],
      },
      {
        parent: this,
        dependsOn: args.backups.ready,
        deleteBeforeReplace: true,
        // The checkout's path is a note for people; the server must not be replaced because of it.
        ignoreChanges: ["labels"],
      },
    );

    this.container = container.name;
    this.containerId = container.id;
    this.url = pulumi.output(`http://${args.bindAddress}:${args.httpPort}`);
    this.target = pulumi.secret(
      pulumi.output({
        container: this.container,
        url: this.url,
        user: users.admin,
        password: args.adminPassword,
      }),
    );
    this.registerOutputs({
      container: this.container,
      containerId: this.containerId,
      url: this.url,
      target: this.target,
    });
  }
}

/** A volume whose content nothing brings back: where it is protected, Pulumi neither deletes it nor lets it go with the stack. */
export function dataVolume(
  name: string,
  volume: string,
  args: { protectData: boolean },
  parent: pulumi.Resource,
): docker.Volume {
  return new docker.Volume(
    name,
    { name: volume, labels: stackLabels() },
    // Labels cannot change in place, and a volume with data must not be replaced for one.
    {
      parent,
      protect: args.protectData,
      retainOnDelete: args.protectData,
      ignoreChanges: ["labels"],
    },
  );
}

/** Files of the repository that the server reads from `config.d` or `users.d`, uploaded one by one. */
function serverFiles(folder: "config.d" | "users.d"): { file: string; content: string }[] {
  const source = join(ROOT, "clickhouse", folder);
  return readdirSync(source)
    .filter((file) => file.endsWith(".xml"))
    .sort()
    .map((file) => ({
      file: `/etc/clickhouse-server/${folder}/${file}`,
      content: readFileSync(join(source, file), "utf8"),
    }));
}

/** The bootstrap administrator: allowed from inside the container and from its network. */
function adminFile(args: ClickHouseArgs): pulumi.Output<string> {
  return pulumi
    .all([sha256(args.adminPassword), args.network.subnet])
    .apply(([passwordSha256Hex, subnet]) =>
      adminUserXml({ passwordSha256Hex, networks: ["127.0.0.1", "::1", subnet] }),
    );
}

/**
 * Hash under which ClickHouse keeps a password. It is no secret of its own: what state, container and
 * previews show of a password is this and nothing else.
 */
export function sha256(password: pulumi.Output<string>): pulumi.Output<string> {
  return pulumi.unsecret(password.apply(sha256Hex));
}
