import { changeName, type Drift } from "../drift";
import type { Warehouse } from "../client";
import { declaredState } from "../declared";
import { compareSchemas } from "./compare";
import { note, refusal, describeDifference, type Difference } from "./difference";
import type { Journal, Revision } from "./journal";
import type { Kind } from "./journal-table";
import {
  endangeredObjects,
  namedObjects,
  pendingMigrations,
  readMigrations,
  type Migration,
  type PendingMigration,
} from "./migrations";
import { readSource, wantedSchema } from "./read";
import { readSchema } from "./server-state";
import { schemaStatements } from "./source";
import { seedDifferences } from "./seeds";

export interface PlanOptions {
  /** Folder that holds `sql/`; the repository's when absent. */
  root?: string | undefined;
  /** Name of the migration that failed before and may go on. */
  resume?: string | undefined;
}

/** What an apply would do, and what it must not do. */
export interface Plan {
  /** Databases that `sql/` makes. */
  databases: string[];
  /** Number of tables and views in `sql/`. */
  objects: number;
  revision: Revision;
  differences: Difference[];
  /** Files to be run before the differences are fixed. */
  pending: PendingMigration[];
  /** Files whose effect a new installation has from the beginning: to be noted, not run. */
  included: Migration[];
  /** Differences that stop an apply: refused, and not the business of a pending file. */
  refused: Difference[];
  /** All that an apply does, a few words each; empty: nothing. */
  changes: string[];
}

/** Compares `sql/` and the journal with the live server. Reads only. */
export async function readPlan(
  warehouse: Warehouse,
  journal: Journal,
  options: PlanOptions = {},
): Promise<Plan> {
  const source = readSource(options.root);
  const files = readMigrations(options.root);
  const databases = source.databases.flatMap(({ object }) => object ?? []);
  const [revision, rows, live, declared] = await Promise.all([
    journal.revision("schema"),
    journal.migrations(),
    readSchema(warehouse, databases),
    declaredState(schemaStatements(options.root)),
  ]);
  const wanted = wantedSchema(source, declared.schema);
  const compared = compareSchemas(wanted, live);
  const differences = [...compared, ...(await seedDifferences(warehouse, source.seeds, compared))];

  // The journal's table may be there already: access is applied first.
  const isNew =
    revision.number === 0 && [...live.objects.keys()].every((name) => name === "meta.schema_migrations");
  const open = pendingMigrations(files, rows, options.resume);
  // Installed by hand out of the same files, before there was a journal.
  const isCurrent =
    revision.number === 0 && rows.length === 0 && differences.every(({ fix }) => fix !== "refused");
  const [included, pending] = isNew || isCurrent ? [open, []] : [[], open];

  const migrated = new Set(pending.flatMap((migration) => [...namedObjects(migration, databases)]));
  const refused = differences.filter(({ fix }) => fix === "refused");
  const changes = [
    ...pending.map(({ name }) => `migration ${name}`),
    ...included.map(({ name }) => `migration ${name} is included`),
    ...differences.filter(({ fix }) => fix === "in place").map(describeDifference),
  ];
  return {
    databases,
    objects: wanted.objects.length,
    revision,
    differences,
    pending,
    included,
    refused: refused.filter(({ object }) => !migrated.has(object)),
    changes: isNew && changes.length > 0 ? ["first installation"] : changes,
  };
}

/** The plan as the program reads it. */
export function driftOf(plan: Plan): Drift {
  const { revision, changes, refused, differences } = plan;
  return {
    answered: true,
    revision: revision.number,
    name: revision.name,
    differences: changes,
    refused: [...refused.map(refusal), ...unpermittedMigrations(plan, [])],
    notes: differences.filter(({ fix }) => fix === "left alone").map(note),
  };
}

/** One sentence for each pending migration that drops or rewrites something which is not among those allowed. */
export function unpermittedMigrations({ pending, databases }: Plan, allowed: string[]): string[] {
  return pending.flatMap((migration) => {
    const objects = [...endangeredObjects(migration, databases)].filter(
      (object) => !allowed.includes(object),
    );
    if (objects.length === 0) return [];
    const flags = objects.map((object) => `--allow ${object}`).join(" ");
    return [
      `${migration.file} drops or rewrites ${objects.join(", ")}: once there is a backup, allow it with npx zakaz schema apply ${flags}`,
    ];
  });
}

/** Statements that fix all that may be fixed in place, in order. */
export function planStatements({ differences }: Plan): string[] {
  return differences.flatMap(({ statements }) => statements);
}

/** Name and kind under which the apply of this plan is journaled. */
export function journalEntryOf({ changes, differences, pending }: Plan): { name: string; kind: Kind } {
  const fixed = differences.filter(({ statements }) => statements.length > 0);
  const only = (test: RegExp) => pending.length === 0 && fixed.every(({ aspect }) => test.test(aspect));
  const isView = fixed.every(({ statements }) =>
    /^(CREATE (OR REPLACE )?(MATERIALIZED )?VIEW|DROP TABLE)/i.test(statements[0]!),
  );
  const kind = only(/^rows of /) ? "seed" : pending.length === 0 && isView ? "views" : "baseline";
  return { name: changeName(changes), kind };
}
