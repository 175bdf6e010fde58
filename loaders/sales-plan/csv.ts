import { parseCsv, type CsvColumns, type CsvFile, type CsvForm, type CsvLine } from "../core/csv";
import {
  cellOrEmpty,
  DAY_FORMS,
  dayCell,
  moneyCell,
  WHOLE_NUMBER_FORMS,
  wholeNumberCell,
} from "../core/csv-cells";
import { readId } from "../core/fields";
import { cityNormalForm } from "../core/values";

/** The greatest number of a UInt32 column. */
const MOST_TICKETS = 0xffffffff;

export const PLAN_COLUMNS = {
  sales_date: { accepted: DAY_FORMS, read: dayCell },
  /** Empty: the plan of a whole city. */
  event_id: {
    accepted: "the event's id (digits), or nothing for all events",
    read: cellOrEmpty(readId),
    absent: "",
  },
  /** As written. */
  city: { accepted: "a city, or nothing for all of them", read: cityNormalForm, absent: "" },
  plan_tickets: { accepted: WHOLE_NUMBER_FORMS, read: wholeNumberCell(MOST_TICKETS), absent: 0 },
  /** Roubles with two decimals. */
  plan_revenue: { accepted: "roubles such as 1500 or 1500.50", read: moneyCell, absent: "0.00" },
} satisfies CsvColumns;

export type PlanLine = CsvLine<typeof PLAN_COLUMNS>;

const PLAN: CsvForm<typeof PLAN_COLUMNS> = {
  what: "plan",
  columns: PLAN_COLUMNS,
  checkHeader: (names) =>
    names.includes("plan_tickets") || names.includes("plan_revenue")
      ? []
      : ["plan_tickets and plan_revenue are both missing"],
};

/** Reads a plan. Throws `UsageError` when the file as a whole is none. */
export function parsePlan(bytes: Buffer): CsvFile<PlanLine> {
  return parseCsv(bytes, PLAN);
}
