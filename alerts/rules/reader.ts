import { DATASETS, fieldsOf } from "../../warehouse/datalens/datasets";
import { StatementFailure } from "../../warehouse/failure";
import { asMonitor } from "../../warehouse/queries";
import type { Rule } from "./rule";

/** Codes that say nothing of the view: the server has too much to do, or too little room. */
const BUSY: ReadonlySet<number> = new Set([159, 202, 241, 243]);

/**
 * The views under DataLens' datasets, each with the fields that its dataset uses. It is asked as `zakaz_monitor`, who has the
 * same role: that `datalens_reader` itself can log in is not seen here, as its password is not.
 */
export const reader: Rule<"reader"> = {
  name: "reader",
  about: "the views that DataLens reads",
  asksServer: true,
  everyMinutes: ({ everyMinutes }) => everyMinutes,
  find: async ({ warehouse }) => {
    const broken: string[] = [];
    for (const dataset of DATASETS) {
      const fields = fieldsOf(dataset).join(", ");
      try {
        await warehouse.rows(asMonitor`SELECT ${fields} FROM ${dataset.view} LIMIT 1`);
      } catch (error) {
        if (!(error instanceof StatementFailure) || BUSY.has(error.code)) throw error;
        broken.push(`${dataset.view} (code ${error.code})`);
      }
    }
    if (broken.length === 0) return [];
    return [
      {
        subject: "datalens",
        severity: "error",
        sentence: `DataLens gets no answer from ${broken.join(", ")}.`,
        command: "npx zakaz check-reader",
      },
    ];
  },
};
