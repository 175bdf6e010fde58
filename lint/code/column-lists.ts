import ts from "typescript";
import { DATABASE } from "../../warehouse/catalogue";
import { withoutTypes, type Place, type Program } from "./program";

/** Columns of a table that the code names. */
export interface ColumnList extends Place {
  /** `database.name`. */
  table: string;
  columns: string[];
  /** True: rows are inserted with exactly these columns, as only the loaders do. False: the code only expects them to be there. */
  writes: boolean;
}

/**
 * Lists of columns in the code: `….insert(table, columns, …)`, objects with `table` and `columns` (those that a
 * TableWriter takes), and records of columns by table. File and line are those of the list itself.
 */
export function findColumnLists(program: Program, tables: ReadonlySet<string>): ColumnList[] {
  const lists: ColumnList[] = [];
  const add = (name: string | undefined, columns: ts.Expression, writes: boolean): void => {
    const list = program.list(columns);
    if (name === undefined || list === undefined) return;
    const table = name.includes(".") ? name : `${DATABASE}.${name}`;
    lists.push({ ...list.place, table, columns: list.strings, writes });
  };
  program.visit((node) => {
    if (ts.isCallExpression(node) && isNamed(node.expression, "insert")) {
      const [table, columns] = node.arguments;
      if (table && columns) add(program.text(table), columns, true);
    } else if (ts.isObjectLiteralExpression(node)) {
      const table = valueOf(node, "table");
      const columns = valueOf(node, "columns");
      if (table && columns) add(program.text(table), columns, true);
    } else if (
      ts.isPropertyAssignment(node) &&
      ts.isIdentifier(node.name) &&
      tables.has(`${DATABASE}.${node.name.text}`)
    ) {
      add(node.name.text, node.initializer, false);
    }
  });
  return lists;
}

function isNamed(callee: ts.Expression, name: string): boolean {
  return ts.isPropertyAccessExpression(callee) && callee.name.text === name;
}

function valueOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const property of object.properties) {
    if (property.name?.getText() !== name) continue;
    if (ts.isPropertyAssignment(property)) return withoutTypes(property.initializer);
    if (ts.isShorthandPropertyAssignment(property)) return property.name;
  }
  return undefined;
}
