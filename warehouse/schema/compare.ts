import { compareTable } from "./compare-table";
import type { Difference } from "./difference";
import type { DatabaseModel, ObjectModel, ViewModel } from "./model";
import { quoteObject } from "./render";
import { quoteText } from "../sql/quote";

/** A database, table or view that `sql/` creates. */
export interface Wanted<Model> {
  model: Model;
  /** The statement in `sql/` that creates it. */
  statement: string;
}

/** What `sql/` describes. */
export interface WantedSchema {
  databases: Wanted<DatabaseModel>[];
  /** In the order of the files, which is the order of dependence. */
  objects: Wanted<ObjectModel>[];
}

/** What the server has, in the databases that `sql/` names. */
export interface LiveSchema {
  databases: DatabaseModel[];
  /** By `database.name`; undefined: something that is neither a table with columns nor a view, such as a dictionary. */
  objects: Map<string, ObjectModel | undefined>;
  /** True: the server knows ALTER DATABASE … MODIFY COMMENT (25.2 and newer). */
  altersDatabaseComments: boolean;
}

/**
 * All differences, in the order in which they are to be fixed: databases, tables, materialized views, views; at last what
 * there is too much of. Every fresh statement is the one of `sql/`, so a new object is the same as in a new installation.
 */
export function compareSchemas(wanted: WantedSchema, live: LiveSchema): Difference[] {
  const names = new Set(wanted.objects.map(({ model }) => model.name));
  const ofKind = (kind: ObjectModel["kind"]) => wanted.objects.filter(({ model }) => model.kind === kind);
  return [
    ...wanted.databases.flatMap((database) => compareDatabase(database, live)),
    ...(["table", "materialized_view", "view"] as const)
      .flatMap(ofKind)
      .flatMap((object) => compareObject(object, live)),
    ...[...live.objects.keys()]
      .filter((name) => !names.has(name))
      .sort()
      .map((object): Difference => ({
        object,
        aspect: "is not in sql/",
        wanted: "",
        found: live.objects.get(object)?.kind.replace("_", " ") ?? "another kind of object",
        fix: "left alone",
        reason: "it may hold data, so it is left alone: drop it by a file in sql/migrations/",
        statements: [],
      })),
  ];
}

function compareDatabase({ model, statement }: Wanted<DatabaseModel>, live: LiveSchema): Difference[] {
  const found = live.databases.find(({ name }) => name === model.name);
  const object = model.name;
  if (found === undefined) return [missingObject(object, "database", statement)];
  const differences: Difference[] = [];
  if (model.engine !== undefined && model.engine !== found.engine) {
    differences.push({
      object,
      aspect: "engine",
      wanted: model.engine,
      found: found.engine ?? "",
      fix: "refused",
      reason: "the engine of a database is fixed, its tables must move to a new one",
      statements: [],
    });
  }
  const [comment, now] = [model.comment ?? "", found.comment ?? ""];
  if (comment !== now) {
    const difference = { object, aspect: "comment", wanted: comment, found: now };
    differences.push(
      live.altersDatabaseComments
        ? {
            ...difference,
            fix: "in place",
            statements: [`ALTER DATABASE ${quoteObject(object)} MODIFY COMMENT ${quoteText(comment)}`],
          }
        : {
            ...difference,
            fix: "left alone",
            reason: "this version of ClickHouse cannot change the comment of a database",
            statements: [],
          },
    );
  }
  return differences;
}

function compareObject({ model, statement }: Wanted<ObjectModel>, live: LiveSchema): Difference[] {
  const object = model.name;
  if (!live.objects.has(object))
    return [missingObject(object, model.kind.replace("_", " "), withReplace(statement))];
  const found = live.objects.get(object);
  if (found?.kind !== model.kind) {
    return [
      {
        object,
        aspect: "kind",
        wanted: model.kind.replace("_", " "),
        found: found?.kind.replace("_", " ") ?? "another kind of object",
        fix: "refused",
        reason: "what is there would have to be dropped",
        statements: [],
      },
    ];
  }
  if (model.kind === "table") return compareTable(model, found as typeof model);
  return compareView(model, found as ViewModel, statement);
}

/** A view holds no rows, so it is made anew whatever differs. */
function compareView(wanted: ViewModel, found: ViewModel, statement: string): Difference[] {
  const differences: Difference[] = [];
  const add = (aspect: string, want: string | undefined, have: string | undefined): void => {
    if ((want ?? "") === (have ?? "")) return;
    const values = { object: wanted.name, aspect, wanted: want ?? "", found: have ?? "" };
    differences.push({ ...values, fix: "in place", statements: [] });
  };
  const columns = (view: ViewModel) => view.columns.map(({ name, type }) => `${name} ${type}`).join(", ");
  // The server works out what is not declared.
  if (wanted.columns.length > 0) add("columns", columns(wanted), columns(found));
  if (differences.length === 0) {
    wanted.columns.forEach((column, i) => {
      add(`column ${column.name}: comment`, column.comment, found.columns[i]?.comment);
    });
  }
  add("query", wanted.select, found.select);
  add("definer", wanted.definer, found.definer);
  add("SQL security", wanted.sqlSecurity, found.sqlSecurity);
  add("comment", wanted.comment, found.comment);

  if (wanted.to !== found.to || wanted.rest !== found.rest) {
    differences.unshift({
      object: wanted.name,
      aspect: "target",
      wanted: wanted.to ?? wanted.rest ?? "",
      found: found.to ?? found.rest ?? "",
      fix: "refused",
      reason: "the new target would lack the rows of the old one",
      statements: [],
    });
  } else if (differences[0] !== undefined) {
    // MODIFY QUERY would lose the comments of the columns. Rows that arrive in between are picked up by the next load,
    // which starts with a repair of the ledger.
    differences[0].statements =
      wanted.kind === "view"
        ? [withReplace(statement)]
        : [`DROP TABLE IF EXISTS ${quoteObject(wanted.name)} SYNC`, statement];
  }
  return differences;
}

function missingObject(object: string, kind: string, statement: string): Difference {
  return {
    object,
    aspect: `${kind} missing`,
    wanted: kind,
    found: "",
    fix: "in place",
    statements: [statement],
  };
}

function withReplace(statement: string): string {
  return statement.replace(/^CREATE\s+VIEW\b/i, "CREATE OR REPLACE VIEW");
}
