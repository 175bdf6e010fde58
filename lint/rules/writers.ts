import { DECLARED_RIGHTS, KEPT_EMPTY } from "../agreements";
import { at, type Finding } from "../finding";
import { created, type Inspection } from "../inspection";
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
    ...created(inspection, "create_materialized_view").flatMap(
      ({ object }) => (object.model as ViewModel).to ?? [],
    ),
    ...DECLARED_RIGHTS.filter(({ rights }) => rights.includes("INSERT")).flatMap(({ on }) => on),
  ]);
  return created(inspection, "create_table").flatMap(({ object: { name }, statement }) => {
    if (name in KEPT_EMPTY === written.has(name))
      return written.has(name)
        ? [
            at(
              statement,
              name,
              "is written, but declared as kept empty",
              "no writer, or no entry in KEPT_EMPTY of ops/schema/declared.ts",
            ),
          ]
        : [
            at(
              statement,
              name,
              "nobody writes it",
              "a writer, or an entry in KEPT_EMPTY of ops/schema/declared.ts",
            ),
          ];
    return [];
  });
}
