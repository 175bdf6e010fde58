import * as pulumi from "@pulumi/pulumi";
import type { WarehouseTarget } from "../warehouse/target";
import type { ClickHouse } from "./clickhouse";
import { users } from "../warehouse/catalogue";
import { operatorCommand } from "./operator-command";

export interface ReaderCheckArgs {
  clickhouse: ClickHouse;
  datalensPassword: pulumi.Output<string>;
}

/** Proof that `datalens_reader` can read over HTTP from the host, and cannot write. */
export class ReaderCheck extends pulumi.ComponentResource {
  /** All that `npx zakaz check-reader` needs; secret. */
  readonly target: pulumi.Output<WarehouseTarget>;

  constructor(name: string, args: ReaderCheckArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:access:ReaderCheck", name, {}, opts);

    this.target = pulumi.secret(
      pulumi.output({
        url: args.clickhouse.url,
        user: users.reader,
        password: args.datalensPassword,
      }),
    );
    operatorCommand(`${name}-query`, { command: "check-reader", target: this.target }, { parent: this });
    this.registerOutputs({ target: this.target });
  }
}
