import { users } from "../../warehouse/catalogue";
import { probe } from "../../warehouse/queries";
import { isReaderView } from "../../warehouse/schema/objects";
import { mentionsIn } from "../code/queries";
import { at, describeRefusal, type Finding } from "../finding";
import { createdObjects, type CreatedObject, type Inspection } from "../inspection";
import type { LiveObject } from "../live";
import { StatementFailure } from "../../warehouse/failure";
import type { Scratch } from "../../warehouse/scratch";

/** What DataLens sends with each query. */
const READER = { user: users.reader, settings: { readonly: 2, join_use_nulls: 1 } };

/** Every view answers under `join_use_nulls` 0 and 1, with the same rows and types, and to the reader. */
export async function viewRuns(inspection: Inspection): Promise<Finding[]> {
  const views = createdObjects(inspection, "create_view");
  return (await Promise.all(views.map((view) => viewFaults(inspection.scratch, view)))).flat();
}

async function viewFaults(scratch: Scratch, { object, statement }: CreatedObject): Promise<Finding[]> {
  const sql = selectAll(object);
  let how = "";
  const answer = async (nulls: 0 | 1): Promise<string> => {
    how = `read with join_use_nulls = ${nulls}`;
    return sortRows(await scratch.text(sql, { settings: { join_use_nulls: nulls } }));
  };
  try {
    if ((await answer(0)) !== (await answer(1)))
      return [at(statement, object.name, "rows or types differ between join_use_nulls 0 and 1", "the same")];
    how = `read by ${users.reader}`;
    if (isReaderView(object.name)) await scratch.text(sql, READER);
    return [];
  } catch (error) {
    if (!(error instanceof StatementFailure)) throw error;
    const follows = mentionsIn(statement.text)
      .map((mention) => mention.object)
      .filter((name) => name !== object.name);
    return [
      { ...at(statement, object.name, `cannot be ${how}: ${describeRefusal(error)}`, "rows"), follows },
    ];
  }
}

/** Ages in hours grow between two queries: figures that are no money are rounded. */
function selectAll({ name, columns }: LiveObject): string {
  const list = columns.map((column) =>
    column.type.includes("Float") ? `round(${column.name}, 1) AS ${column.name}` : column.name,
  );
  return probe`SELECT ${list.join(", ")} FROM ${name}`;
}

/** Names, types and rows; a view promises no order of rows. */
function sortRows(answer: string): string {
  const [names = "", types = "", ...rows] = answer.split("\n");
  return [names, types, ...rows.sort()].join("\n");
}
