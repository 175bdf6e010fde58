import { at, type Finding } from "../finding";
import type { StaticInspection } from "../inspection";
import type { SqlFile, SqlStatement } from "../../warehouse/schema/source";

/** `sql/` only builds: what changes or drops something is a migration, and a migration changes what `sql/` creates. */
export function statements({ schema, migrations, canon }: StaticInspection): Finding[] {
  const inSchema = all(schema).flatMap((statement): Finding[] => {
    const object = statement.object ?? "?";
    const verb = statement.text.split(/\s/)[0]?.toUpperCase() ?? "";
    if (statement.kind === "alter") {
      const created = canon.get(object);
      const isLater = created === undefined || comesBefore(statement, created);
      const wrong = isLater ? "ALTER before its CREATE" : "ALTER in sql/";
      return [at(statement, object, wrong, "the changed CREATE in sql/, and the ALTER in sql/migrations/")];
    }
    if (statement.kind === "drop")
      return [
        at(
          statement,
          object,
          `${verb} in sql/`,
          "nothing that takes data away; a numbered file in sql/migrations/ if it must be",
        ),
      ];
    if (statement.kind === "other")
      return [at(statement, object, `${verb} in sql/`, "CREATE, GRANT and their like, and INSERT of seeds")];
    return repeatFaults(statement);
  });
  const inMigrations = all(migrations)
    .filter(({ kind, object }) => kind === "alter" && !canon.has(object ?? ""))
    .map((statement) =>
      at(
        statement,
        statement.object ?? "?",
        "ALTER of an object that no file in sql/ creates",
        "a CREATE statement in sql/",
      ),
    );
  return [...inSchema, ...inMigrations];
}

/** Whether a statement runs before another one of `sql/`. */
function comesBefore(one: SqlStatement, other: SqlStatement): boolean {
  return one.file === other.file ? one.line < other.line : one.file < other.file;
}

function repeatFaults(statement: SqlStatement): Finding[] {
  const { kind, object = "?", text } = statement;
  if (!kind.startsWith("create_")) return [];
  const wanted = kind === "create_view" ? "CREATE OR REPLACE VIEW" : "IF NOT EXISTS";
  if (text.replace(/\s+/g, " ").toUpperCase().includes(wanted)) return [];
  return [at(statement, object, "cannot be run twice", wanted)];
}

function all(files: SqlFile[]): SqlStatement[] {
  return files.flatMap(({ statements }) => statements);
}
