import { AGREED_RIGHTS, AGREEMENTS, KEPT_EMPTY } from "../../warehouse/access/agreements";
import { at, type Finding } from "../finding";
import { createdObjects, type Inspection } from "../inspection";
import type { ViewModel } from "../../warehouse/schema/model";

/** Every table is written by somebody, or is declared as kept empty. */
export function writers(inspection: Inspection): Finding[] {
  const { queries, columnLists, schema } = inspection;
  const seeds = schema.flatMap(({ statements }) => statements).filter(({ kind }) => kind === "insert");
  const written = new Set([
    ...queries.flatMap(({ mentions }) =>
      mentions.filter(({ right }) => right === "INSERT").map(({ object }) => object),
    ),
    ...columnLists.filter(({ writes }) => writes).map(({ table }) => table),
    ...seeds.flatMap(({ object }) => object ?? []),
    ...createdObjects(inspection, "create_materialized_view").flatMap(
      ({ object }) => (object.model as ViewModel).to ?? [],
    ),
    ...AGREED_RIGHTS.filter(({ rights }) => rights.includes("INSERT")).flatMap(({ on }) => on),
  ]);
  return createdObjects(inspection, "create_table").flatMap(({ object: { name }, statement }) => {
    const isEmpty = name in KEPT_EMPTY;
    if (isEmpty !== written.has(name)) return [];
    const entry = `entry in KEPT_EMPTY of ${AGREEMENTS}`;
    return isEmpty
      ? [at(statement, name, "is written, but declared as kept empty", `no writer, or no ${entry}`)]
      : [at(statement, name, "nobody writes it", `a writer, or an ${entry}`)];
  });
}
