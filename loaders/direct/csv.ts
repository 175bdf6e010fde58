import { parseCsv, type CsvColumns, type CsvFile, type CsvForm, type CsvLine } from "../core/csv";
import {
  cell,
  cellOrEmpty,
  dayCell,
  moneyCell,
  WHOLE_NUMBER_FORMS,
  wholeNumberCell,
} from "../core/csv-cells";
import { readCurrency, readId, readText } from "../core/fields";
import { parseUtmContent } from "../core/utm-content";
import { cityNormalForm, moscowDay, normalText, utmValue } from "../core/values";

/** The facts hold UTM values in lower case: views join sales and cost on them. */
const utm = {
  accepted: "any text; e-mail addresses and phone numbers become empty",
  read: (text: string) => utmValue(text).toLowerCase(),
  absent: "",
};
const count = {
  accepted: WHOLE_NUMBER_FORMS,
  read: wholeNumberCell(Number.MAX_SAFE_INTEGER),
  absent: 0,
};

export const DIRECT_COLUMNS = {
  stat_date: { accepted: "a day such as 2025-01-31 or 31.01.2025", read: dayCell },
  account_id: { accepted: "a client login such as my-shop, no e-mail address", read: loginCell },
  campaign_id: { accepted: "the campaign's id (digits)", read: cell(readId) },
  ad_id: { accepted: "the ad's id (digits), or nothing for the whole campaign", read: cellOrEmpty(readId) },
  ad_group_id: { accepted: "the ad group's id (digits), or nothing", read: cellOrEmpty(readId), absent: "" },
  campaign_name: { accepted: "any text", read: (text: string) => readText(normalText(text)), absent: "" },
  utm_source: utm,
  utm_medium: utm,
  utm_campaign: utm,
  utm_content: utm,
  utm_term: utm,
  city: { accepted: "a city, or nothing for the one in utm_content", read: cityNormalForm, absent: "" },
  impressions: count,
  clicks: count,
  /** With two decimals, in the line's currency. */
  spend: { accepted: "an amount such as 1500 or 1500.50", read: moneyCell },
  currency: { accepted: "a code of three letters such as RUB", read: cell(readCurrency), absent: "RUB" },
} satisfies CsvColumns;

export type DirectLine = CsvLine<typeof DIRECT_COLUMNS>;

const DIRECT: CsvForm<typeof DIRECT_COLUMNS> = { what: "Yandex Direct file", columns: DIRECT_COLUMNS };

const TWO_DAYS = 2 * 24 * 3600 * 1000;

/**
 * Reads statistics; a city that is not given is the one of utm_content. Throws `UsageError` when the file as a whole is none.
 * @param now (ms) no day of the statistics is more than two days ahead of it
 */
export function parseDirect(bytes: Buffer, now: number): CsvFile<DirectLine> {
  const file = parseCsv(bytes, DIRECT);
  const lastDay = moscowDay(now + TWO_DAYS);
  const lines: DirectLine[] = [];
  for (const line of file.lines) {
    if (line.city === "") line.city = cityNormalForm(parseUtmContent(line.utm_content).cityRaw);
    if (line.stat_date <= lastDay) lines.push(line);
    else {
      const accepted = `a day up to ${lastDay}`;
      file.bad.push({ line: line.line, column: "stat_date", found: line.stat_date, accepted });
    }
  }
  return { lines, bad: file.bad };
}

/** Logins are told apart without regard to case. An e-mail address is personal data, which the warehouse does not keep. */
function loginCell(text: string): string | undefined {
  return /^[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9])?$/i.test(text) ? text.toLowerCase() : undefined;
}
