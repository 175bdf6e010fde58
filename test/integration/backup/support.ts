import { readdirSync } from "node:fs";
import { BucketFiles } from "../../../backup/bucket-files";
import { DiskFiles } from "../../../backup/disk-files";
import { Store } from "../../../backup/store";
import { takeBackup, type BackupContext, type Taken } from "../../../backup/take";
import type { Kind } from "../../../warehouse/backup/backup";
import { fingerprint, tablesOf, type Fingerprint } from "../../../warehouse/backup/fingerprint";
import { backupPlace, type BackupPlace, type S3Storage } from "../../../warehouse/backup/place";
import { policy, type Policy } from "../../../warehouse/backup/policy";
import { users } from "../../../warehouse/catalogue";
import { Warehouse } from "../../../warehouse/client";
import { applyAccess } from "../../../warehouse/access/apply";
import { startServer, type Server, type ServerVersion } from "../../support/server";
import { reservePort } from "../../support/ports";
import { declarationWith, newPasswords } from "../access/support";
import { SchemaServer } from "../schema/support";

/** Inserts order lines out of nothing, one to an order. */
export const ordersSql = (first: number, count: number): string =>
  `INSERT INTO zakaz.stg_qtickets_api_orders_raw (order_id, item_id, event_id, city, status, sale_ts, tickets_sold, revenue, currency, payload_json, _ver)
SELECT toString(number), '1', toString(number % 50), 'москва', 'paid', toDateTime('2030-01-01 12:00:00', 'Europe/Moscow') + number % 8640000, 1,
  toDecimal64(number % 5000, 2), 'RUB', hex(sipHash128(number)), 1 FROM numbers(${first}, ${count})`;

/** What every table of `zakaz` holds. */
export async function contentsOf(warehouse: Warehouse): Promise<Fingerprint[]> {
  const tables = (await tablesOf(warehouse)).filter((table) => table.startsWith("zakaz."));
  return Promise.all(tables.map((table) => fingerprint(warehouse, table)));
}

/** A server with schema and access as `up` makes them, and the backup container's program beside it. */
export class BackedUp {
  readonly said: string[] = [];

  private constructor(
    readonly server: Server,
    readonly schema: SchemaServer,
    readonly asBackup: Warehouse,
    readonly place: BackupPlace,
    readonly store: Store,
  ) {}

  static async start(
    options: { version?: ServerVersion; backups?: string; files?: Record<string, string> } = {},
    storage?: S3Storage,
  ): Promise<BackedUp> {
    const ports = { http: await reservePort(), native: await reservePort() };
    const server = await startServer({ ports, ...options });
    const schema = new SchemaServer(server);
    const passwords = newPasswords();
    await applyAccess(schema.warehouse, declarationWith(passwords));
    await schema.apply();
    const login = { user: users.backup, password: passwords[users.backup]! };
    const asBackup = new Warehouse({ url: server.url, ...login });
    const files = storage === undefined ? new DiskFiles(server.backups) : new BucketFiles(storage);
    return new BackedUp(server, schema, asBackup, backupPlace(storage), new Store(files));
  }

  /** The same server and another place for its backups. */
  with(storage: S3Storage): BackedUp {
    const store = new Store(new BucketFiles(storage));
    return new BackedUp(this.server, this.schema, this.asBackup, backupPlace(storage), store);
  }

  /** As the container's program has it; `now` is what its clock says. */
  context(now: () => number = Date.now, rules: Partial<Policy> = {}): BackupContext {
    return {
      ...{ warehouse: this.asBackup, place: this.place, store: this.store, folder: this.server.backups },
      ...{ policy: policy.parse(rules), now },
      say: (line) => void this.said.push(line),
    };
  }

  take(kind?: Kind, now?: () => number): Promise<Taken> {
    return takeBackup(this.context(now), kind);
  }

  /** Statements by hand, as admin. */
  async run(...statements: string[]): Promise<void> {
    await this.schema.run(...statements);
  }

  async insertOrders(first: number, count: number): Promise<void> {
    await this.run(ordersSql(first, count));
  }

  /** What the journal says, the oldest first. */
  journal() {
    return this.schema.warehouse.rows<{ name: string; status: string; error: string }>(
      "SELECT backup_name AS name, status, error_msg AS error FROM meta.backup_runs FINAL ORDER BY ts, backup_name",
    );
  }

  /** What lies in the folder of the backups. */
  get files(): string[] {
    return readdirSync(this.server.backups).sort();
  }

  async stop(): Promise<void> {
    await this.asBackup.close();
    await this.schema.close();
  }
}
