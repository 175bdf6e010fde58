import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { users } from "../../../warehouse/catalogue";
import { Warehouse } from "../../../warehouse/client";
import { applySchema, type ApplyOptions } from "../../../warehouse/schema/apply";
import { Journal } from "../../../warehouse/schema/journal";
import { readPlan, type Plan } from "../../../warehouse/schema/plan";
import type { TestServer } from "../../support/server-common";
import { ROOT } from "../../support/stack";

/** A server as `npx zakaz schema` works on it, with `sql/` of the repository or of a copy. */
export class SchemaServer {
  readonly warehouse: Warehouse;

  constructor(
    readonly server: TestServer,
    readonly root: string = ROOT,
  ) {
    const { httpUrl: url, adminPassword: password } = server;
    this.warehouse = new Warehouse({ container: "of-a-test", url, user: users.admin, password });
  }

  plan(): Promise<Plan> {
    return readPlan(this.warehouse, new Journal(this.warehouse), { root: this.root });
  }

  apply(options: Partial<ApplyOptions> = {}): Promise<number> {
    const defaults: ApplyOptions = { root: this.root, allow: [], force: false, say: () => undefined };
    return applySchema(this.warehouse, { ...defaults, ...options });
  }

  async run(...statements: string[]): Promise<void> {
    for (const statement of statements) await this.warehouse.command(statement);
  }

  /** The statement that creates each database, table and view, by name. */
  async created(): Promise<Record<string, string>> {
    const rows = await this.warehouse.rows<{ name: string; statement: string }>(
      `SELECT concat(database, '.', name) AS name, create_table_query AS statement
FROM system.tables WHERE database IN ('zakaz', 'bi', 'meta') ORDER BY name`,
    );
    const databases = await this.warehouse.rows<{ name: string }>(
      "SELECT name FROM system.databases WHERE name IN ('zakaz', 'bi', 'meta') ORDER BY name",
    );
    for (const { name } of databases) {
      rows.push({
        name,
        ...(await this.warehouse.rows<{ statement: string }>(`SHOW CREATE DATABASE ${name}`))[0]!,
      });
    }
    return Object.fromEntries(rows.map(({ name, statement }) => [name, statement]));
  }

  /** The journal, in the order in which its rows got their last word. */
  journal(): Promise<
    { version: number; name: string; kind: string; status: string; statements: number; message: string }[]
  > {
    return this.warehouse.rows(
      "SELECT version, name, kind, status, statements, message FROM meta.schema_migrations FINAL ORDER BY _ver",
    );
  }

  async close(): Promise<void> {
    await this.warehouse.close();
    await this.server.stop();
  }
}

/** A copy of `sql/` that a test may edit; `remove` it afterwards. */
export class SqlCopy {
  readonly root = mkdtempSync(join(tmpdir(), "zt-sql-"));

  constructor() {
    cpSync(join(ROOT, "sql"), join(this.root, "sql"), { recursive: true });
  }

  /** Replaces a text that stands in the file exactly once. */
  edit(file: string, from: string, to: string): void {
    const path = join(this.root, "sql", file);
    const text = readFileSync(path, "utf8");
    if (text.split(from).length !== 2) throw new Error(`${from} is not exactly once in ${file}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }

  write(file: string, text: string): void {
    const path = join(this.root, "sql", file);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  }

  delete(file: string): void {
    rmSync(join(this.root, "sql", file));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
