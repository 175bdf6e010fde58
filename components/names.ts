/** Names of everything the stack creates. Each is owned by one line here. */

/** Where ClickHouse answers inside the network and, by default, on the host. */
export const HTTP_PORT = 8123;
export const NATIVE_PORT = 9000;

export interface Names {
  network: string;
  server: string;
  sandbox: string;
  backup: string;
  dataVolume: string;
  logsVolume: string;
  backupsVolume: string;
  quarantineVolume: string;
  /** Name of a source's volume. */
  sourceVolume: (name: string) => string;
  loaderImage: string;
  sandboxImage: string;
  backupImage: string;
  /** Container of the alerts, and the volume of their state. */
  alerts: string;
  /** Container that loads a source by the clock; `folder` is the source's. */
  schedule: (folder: string) => string;
}

/**
 * Names of one instance. The empty instance has the plain names; any other one puts its own suffix behind
 * each global name, so that several stacks live on one Docker engine.
 */
export function namesOf(instance: string): Names {
  const suffix = instance === "" ? "" : `-${instance}`;
  return {
    network: `clickhouse_default${suffix}`,
    server: `ch-zakaz${suffix}`,
    sandbox: `zakaz-sandbox${suffix}`,
    backup: `zakaz-backup${suffix}`,
    dataVolume: `zakaz-clickhouse-data${suffix}`,
    logsVolume: `zakaz-clickhouse-logs${suffix}`,
    backupsVolume: `zakaz-clickhouse-backups${suffix}`,
    quarantineVolume: `zakaz-quarantine${suffix}`,
    sourceVolume: (name) => `${name}${suffix}`,
    loaderImage: `qtickets_api${suffix}`,
    sandboxImage: `zakaz/sandbox${suffix}`,
    backupImage: `zakaz/backup${suffix}`,
    alerts: `zakaz-alerts${suffix}`,
    schedule: (folder) => `zakaz-schedule-${folder}${suffix}`,
  };
}
