import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ClickHouse } from "./clickhouse";
import { users } from "./names";

export interface ClientCommandArgs {
  clickhouse: ClickHouse;
  adminPassword: pulumi.Output<string>;
  /** Statements for the client's standard input; may be run again at any time. */
  sql: pulumi.Input<string>;
}

/**
 * Statements piped into the server's own client as admin: once, and again when they or the container change.
 * The password goes by the environment of this one call; the statements by standard input.
 */
export function clientCommand(
  name: string,
  args: ClientCommandArgs,
  opts: pulumi.ResourceOptions,
): local.Command {
  const create = pulumi.interpolate`docker exec -i -e CLICKHOUSE_PASSWORD ${args.clickhouse.container} clickhouse-client --user=${users.admin} --multiquery`;
  return new local.Command(
    name,
    {
      create,
      stdin: args.sql,
      environment: { CLICKHOUSE_PASSWORD: args.adminPassword },
      triggers: [args.clickhouse.containerId],
      addPreviousOutputInEnv: false,
      logging: local.Logging.None,
    },
    opts,
  );
}
