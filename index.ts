import "./components/source-maps";
import { setImmediate } from "node:timers/promises";
import * as docker from "@pulumi/docker";
import { Backup } from "./components/backup";
import { Access } from "./components/access";
import { Alerts } from "./components/alerts";
import { ClickHouse } from "./components/clickhouse";
import { BuiltImage } from "./components/image";
import { recipes } from "./images";
import { stackLabels } from "./components/labels";
import { LoaderRun } from "./components/loader-run";
import { namesOf } from "./components/names";
import { DATABASE, users } from "./warehouse/catalogue";
import { Network } from "./components/network";
import { preflight } from "./components/preflight";
import { ReaderCheck } from "./components/reader-check";
import { Sandbox, sandboxClients } from "./components/sandbox";
import { Schedule } from "./components/schedule";
import { Schema } from "./components/schema";
import { readConfig } from "./config";
import { enabledSources } from "./config/sources";

/** One stack: configuration, then components in the order in which they come up, then outputs. */
async function main() {
  const config = readConfig();
  const { secrets } = config;
  const names = namesOf(config.instance);
  await preflight({ ...names, ...config });

  // Before all else, and sent at once: Pulumi starts its Docker plugin for it, which takes as long as all that is put together below.
  const quarantine = new docker.Volume("quarantine", { name: names.quarantineVolume, labels: stackLabels() });
  await setImmediate();

  const network = new Network("network", { name: names.network });

  const backup = new Backup("backup", {
    ...config,
    names,
    network,
    backupPassword: secrets.backupPassword,
    backupS3Secret: secrets.backupS3Secret,
  });

  const clickhouse = new ClickHouse("clickhouse", {
    ...config,
    names,
    network,
    backups: backup.volume,
    image: config.clickhouseImage,
    adminPassword: secrets.adminPassword,
  });

  const access = new Access("access", {
    ...secrets,
    clickhouse,
    network,
    readerNetworks: config.readerNetworks,
    readers: secrets.readers,
  });

  const schema = new Schema("schema", { clickhouse, access });

  const enabled = enabledSources(config);

  const sandbox =
    config.source === "sandbox"
      ? new Sandbox("sandbox", {
          names,
          network,
          clients: sandboxClients(enabled, secrets),
          data: config.sandbox,
          healthInterval: config.healthInterval,
        })
      : undefined;

  const loaderImage = new BuiltImage("loader", {
    repository: names.loaderImage,
    recipe: recipes.loader,
  });

  const loaders = enabled.map((source) => {
    const run = new LoaderRun(`${source.folder}-run`, {
      source,
      names,
      clickhouse,
      network,
      access,
      schema,
      image: loaderImage,
      loaderPassword: secrets.loaderPassword,
      secrets,
      sandbox,
      datasets: config.datasets,
      load: config.load,
      isScheduled: config.schedule[source.job] !== undefined,
      quarantine,
      protectData: config.protectData,
    });
    return { source, run };
  });

  const scheduled = loaders.flatMap(({ source, run }) => {
    const times = config.schedule[source.job];
    return times === undefined ? [] : [{ source, run, times }];
  });
  const schedules = scheduled.map(({ source, run, times }) => {
    const schedule = new Schedule(`${source.folder}-schedule`, {
      ...times,
      source,
      names,
      network,
      schema,
      image: loaderImage,
      run,
    });
    return [source.job, { container: schedule.container, at: times.at }] as const;
  });

  // It asks for names, rights and shapes, which the schema alone decides: no need to wait for data.
  const reader = new ReaderCheck(
    "reader-check",
    { clickhouse, datalensPassword: secrets.datalensPassword },
    { dependsOn: [schema] },
  );

  const alerts =
    config.alerts.enabled && secrets.alertChannels !== undefined
      ? new Alerts("alerts", {
          names,
          network,
          clickhouse,
          access,
          schema,
          image: loaderImage,
          monitorPassword: secrets.monitorPassword,
          settings: config.alerts,
          channels: secrets.alertChannels,
          sources: enabled,
          schedules: scheduled.map(({ source, times }) => ({ job: source.job, ...times })),
        })
      : undefined;

  return {
    clickhouseUrl: clickhouse.url,
    database: DATABASE,
    readerUser: users.reader,
    container: clickhouse.container,
    network: network.name,
    loaderImage: loaderImage.reference,
    loaderTargets: Object.fromEntries(loaders.map(({ source, run }) => [source.job, run.target])),
    schedules: Object.fromEntries(schedules),
    readerTarget: reader.target,
    warehouseTarget: clickhouse.target,
    backupContainer: backup.container,
    accessTarget: access.target,
    // Pulumi warns of an output that is undefined.
    ...(sandbox === undefined ? {} : { sandboxContainer: sandbox.container }),
    ...(backup.storage === undefined ? {} : { backupStorage: backup.storage }),
    ...(alerts === undefined ? {} : { alertsTarget: alerts.target }),
  };
}

export = main;
