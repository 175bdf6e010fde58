import * as pulumi from "@pulumi/pulumi";
import type { Access } from "./access";
import type { ClickHouse } from "./clickhouse";
import { clientCommand } from "./client-command";
import { schemaSql } from "./sql";

export interface SchemaArgs {
  clickhouse: ClickHouse;
  adminPassword: pulumi.Output<string>;
  /** Views run with the rights of a user that access creates. */
  access: Access;
}

/** Databases, tables, the materialized view, views and seeds: all of `sql/` but access, in one connection. */
export class Schema extends pulumi.ComponentResource {
  constructor(name: string, args: SchemaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:schema:Schema", name, {}, opts);

    clientCommand(
      `${name}-apply`,
      { clickhouse: args.clickhouse, adminPassword: args.adminPassword, sql: schemaSql() },
      { parent: this, dependsOn: [args.access] },
    );

    this.registerOutputs({});
  }
}
