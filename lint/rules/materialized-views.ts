import { mentionsIn } from "../code/queries";
import { at, type Finding } from "../finding";
import { createdObjects, type Inspection } from "../inspection";
import type { ViewModel } from "../../warehouse/schema/model";
import { declarations } from "./views";

const AGGREGATES =
  /\b(?:sum|count|min|max|avg|any|uniq\w*|arg(?:Min|Max)|group\w+)(?:If|Merge|State|OrNull)*(?=\s*\()|\bGROUP BY\b/;
const CLOCKS = /\b(?:now|now64|today|yesterday)(?=\s*\()/;

/** A materialized view copies row by row from one source into the table that it names. */
export function materializedViews(inspection: Inspection): Finding[] {
  return createdObjects(inspection, "create_materialized_view").flatMap(({ object, statement }) => {
    const view = object.model as ViewModel;
    const findings = declarations(view, statement);
    const add = (wrong: string, expected: string, word = "AS"): void => {
      findings.push(at(statement, view.name, wrong, expected, word));
    };
    if (view.to === undefined) add("has no TO", "TO with a table of sql/");
    const target = inspection.live.get(view.to ?? "");
    const own = object.columns.map(({ name, type }) => `${name} ${type}`).join(", ");
    const wanted = target?.columns.map(({ name, type }) => `${name} ${type}`).join(", ");
    if (wanted !== undefined && own !== wanted)
      add(
        `its columns are not those of ${view.to}: ${differingColumn(own, wanted)}`,
        "the same names, types and order",
      );
    const sources = [...new Set(mentionsIn(view.select).map((mention) => mention.object))];
    if (sources.length !== 1) add(`reads ${sources.join(", ")}`, "its source alone", "FROM");
    const aggregate = AGGREGATES.exec(view.select)?.[0];
    if (aggregate) add(`sums up rows of one insert only: ${aggregate}`, "a copy row by row");
    const clock = CLOCKS.exec(view.select)?.[0];
    if (clock) add(`depends on the time of the insert: ${clock}()`, "a function of the row");
    return findings;
  });
}

function differingColumn(own: string, wanted: string): string {
  const found = own.split(", ").find((column) => !wanted.split(", ").includes(column));
  return found ?? "another order or number";
}
