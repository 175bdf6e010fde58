import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { schemaDrift } from "../warehouse/schema/drift";
import { schemaHash } from "../warehouse/schema/read";
import type { Access } from "./access";
import type { ClickHouse } from "./clickhouse";
import { STATE_VARIABLE } from "../warehouse/drift";
import { liveState } from "./drift";

export interface SchemaArgs {
  clickhouse: ClickHouse;
  /** Views run with the rights of a user that access creates. */
  access: Access;
}

/**
 * Databases, tables, the materialized view, views and seeds: the live server is brought to what `sql/` says. What differs
 * shows in a preview; what would lose data is refused there already.
 */
export class Schema extends pulumi.ComponentResource {
  constructor(name: string, args: SchemaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:schema:Schema", name, {}, opts);

    const live = liveState(schemaDrift, args.clickhouse.target, args.clickhouse, this);
    new local.Command(
      `${name}-apply`,
      {
        create: "node ops/zakaz.cjs schema apply --target -",
        stdin: pulumi.jsonStringify(args.clickhouse.target),
        // The command reads sql/ and the server itself: these make Pulumi start it when one of them has changed, and show why.
        environment: { ZAKAZ_SCHEMA_SHA256: schemaHash(), [STATE_VARIABLE]: live.state },
        triggers: [args.clickhouse.containerId],
        addPreviousOutputInEnv: false,
        logging: local.Logging.None,
      },
      { parent: this, dependsOn: [args.access], ...live.options },
    );

    this.registerOutputs({});
  }
}
