import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings";
import type { LoaderTarget } from "../warehouse/target";
import type { ClickHouse } from "./clickhouse";
import type { BuiltImage } from "./image";
import { stackLabels } from "./labels";
import { DATABASE, users } from "../warehouse/catalogue";
import { HTTP_PORT, type Names } from "./names";
import type { Network } from "./network";
import { operatorCommand } from "./operator-command";
import type { Schema } from "./schema";

export interface LoaderRunArgs {
  names: Pick<Names, "quarantineVolume">;
  clickhouse: ClickHouse;
  network: Network;
  /** The schema the loader writes into: it runs after it. */
  schema: Schema;
  image: BuiltImage;
  loaderPassword: pulumi.Output<string>;
  qticketsToken: pulumi.Output<string>;
  /** Base URL of the API; undefined: the vendor's own, the loader's default. */
  qticketsUrl?: pulumi.Output<string> | undefined;
  /** Key of the hashes of barcodes, where those are read. */
  barcodeKey?: pulumi.Output<string> | undefined;
  /** Optional data sets that are read besides. */
  datasets: Settings["datasets"];
  /** `none`: nothing runs. `dryRun`: the smoke. `live`: the smoke, then a load. */
  load: "none" | "dryRun" | "live";
  /** Volume that keeps rejected records, made before the run. */
  quarantine: pulumi.Resource;
}

/** The dry-run smoke of the loader's image and, where the stack says so, the first load. */
export class LoaderRun extends pulumi.ComponentResource {
  /** All that `npx zakaz smoke` and `load` need to run the image exactly as the stack does; secret. */
  readonly target: pulumi.Output<LoaderTarget>;

  constructor(name: string, args: LoaderRunArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:loader:LoaderRun", name, {}, opts);

    this.target = loaderTarget(args);
    if (args.load !== "none") {
      const smoke = this.step(`${name}-smoke`, "smoke", [args.schema, args.quarantine]);
      if (args.load === "live") this.step(`${name}-load`, "load", [smoke]);
    }
    this.registerOutputs({ target: this.target });
  }

  private step(name: string, command: "smoke" | "load", dependsOn: pulumi.Resource[]): local.Command {
    return operatorCommand(name, { command, target: this.target }, { parent: this, dependsOn });
  }
}

/** Settings of the loader that leave a data set out. */
const SKIP_FLAGS = {
  priceShades: "QTICKETS_SKIP_PRICE_SHADES",
  discounts: "QTICKETS_SKIP_DISCOUNTS",
  promoCodes: "QTICKETS_SKIP_PROMO_CODES",
  barcodes: "QTICKETS_SKIP_BARCODES",
} satisfies Record<Settings["datasets"][number], string>;

function loaderTarget(args: LoaderRunArgs): pulumi.Output<LoaderTarget> {
  const settings: Record<string, pulumi.Input<string>> = {
    QTICKETS_TOKEN: args.qticketsToken,
    CLICKHOUSE_HOST: args.clickhouse.container,
    CLICKHOUSE_PORT: String(HTTP_PORT),
    CLICKHOUSE_DB: DATABASE,
    CLICKHOUSE_USER: users.loader,
    CLICKHOUSE_PASSWORD: args.loaderPassword,
  };
  for (const dataset of args.datasets) settings[SKIP_FLAGS[dataset]] = "false";
  if (args.barcodeKey) settings["QTICKETS_BARCODE_KEY"] = args.barcodeKey;
  if (args.qticketsUrl) {
    settings["QTICKETS_BASE_URL"] = args.qticketsUrl;
    // Plain http is for the sandbox alone, and only by this consent.
    settings["QTICKETS_ALLOW_HTTP"] = "true";
    // The limit is for the vendor's sake.
    settings["QTICKETS_RATE_PER_SECOND"] = "0";
  }
  return pulumi
    .all([
      args.clickhouse.container,
      args.clickhouse.url,
      args.network.name,
      args.image.imageId,
      pulumi.secret(pulumi.output(settings)),
    ])
    .apply(([container, url, network, image, settings]) => ({
      container,
      url,
      network,
      image,
      quarantineVolume: args.names.quarantineVolume,
      labels: stackLabels().map(({ label, value }) => `${label}=${value}`),
      settings,
    }));
}
