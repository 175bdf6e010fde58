import * as pulumi from "@pulumi/pulumi";
import { sha256, type ClickHouse } from "./clickhouse";
import { clientCommand } from "./client-command";
import { users } from "./names";
import type { Network } from "./network";
import { accessSql } from "./sql";

export interface AccessArgs {
  clickhouse: ClickHouse;
  network: Network;
  adminPassword: pulumi.Output<string>;
  loaderPassword: pulumi.Output<string>;
  datalensPassword: pulumi.Output<string>;
  backupPassword: pulumi.Output<string>;
  /** Further networks (CIDR) from which the reader may connect. */
  readerNetworks: string[];
}

/**
 * Users, roles, profiles, quotas and grants. `sql/10_access.sql` creates the users locked; this gives each
 * its password hash and the networks it may come from. A rotated password changes this resource alone.
 */
export class Access extends pulumi.ComponentResource {
  constructor(name: string, args: AccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:access:Access", name, {}, opts);

    const sql = pulumi.interpolate`${accessSql()}
${unlock(users.loader, args.loaderPassword, args.network)}
${unlock(users.reader, args.datalensPassword, args.network, args.readerNetworks)}
${unlock(users.backup, args.backupPassword, args.network)}
`;
    clientCommand(
      `${name}-apply`,
      { clickhouse: args.clickhouse, adminPassword: args.adminPassword, sql },
      { parent: this },
    );

    this.registerOutputs({});
  }
}

/** Statement that gives a user its password and the places it may connect from. */
function unlock(
  user: string,
  password: pulumi.Output<string>,
  network: Network,
  networks: string[] = [],
): pulumi.Output<string> {
  return pulumi
    .all([sha256(password), network.subnet])
    .apply(
      ([hash, subnet]) =>
        `ALTER USER ${user} IDENTIFIED WITH sha256_hash BY '${hash}' HOST ` +
        `${["127.0.0.1", "::1", subnet, ...networks].map((place) => `IP '${place}'`).join(", ")};`,
    );
}
