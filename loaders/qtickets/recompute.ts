import { asLoader } from "../../warehouse/queries";
import { readAliases } from "../core/cities";
import type { Days } from "../core/days";
import { canonicalCity } from "../core/values";
import type { RunContext } from "../pipeline/context";
import type { Found } from "../pipeline/found";
import type { Recompute } from "../pipeline/recompute";
import { deriveFacts } from "./publish";
import { TABLES } from "./tables";

export const recompute: Recompute = {
  what: "sales",
  tables: TABLES,
  counters: ["event_city_rows", "sales_daily_rows", "sales_utm_daily_rows"],
  run: recomputeSales,
};

/**
 * Gives the events the cities that the aliases name now, and derives the sales again, from the first of the days on. An event
 * keeps its version, of equal ones the later counts: so the next load, which writes the same version, has the last word. That
 * matters where an alias is gone, as what the vendor calls the city is known to a load alone.
 */
async function recomputeSales(run: RunContext, { from }: Days): Promise<Found> {
  const { database, log, startedAt } = run;
  const aliases = await readAliases(database);
  const found = await database.rows<{ city: string }>(
    asLoader`SELECT DISTINCT toString(city) AS city FROM ${database.name}.dim_events FINAL WHERE city != ''`,
  );
  const known = found.map((row) => row.city);
  const cities = known.map((one) => canonicalCity(one, aliases).city);
  let events = 0;
  if (cities.some((city, index) => city !== known[index])) {
    events = await database.run(
      asLoader`INSERT INTO ${database.name}.dim_events
    (event_id, event_name, city, start_date, end_date, is_active, is_deleted, currency, show_ids, _ver)
SELECT
    e.event_id, e.event_name, transform(toString(e.city), {known:Array(String)}, {cities:Array(String)}, toString(e.city)) AS canonical,
    e.start_date, e.end_date, e.is_active, e.is_deleted, e.currency, e.show_ids, e._ver
FROM ${database.name}.dim_events AS e FINAL
WHERE canonical != toString(e.city)`,
      { known, cities },
    );
  }
  log.info(`Gave ${events} events another city`);
  const params = { run_clock: startedAt, first_day: from, snapshot_ts: 0 };
  const { written = 0, counters = {} } = await deriveFacts(run, ["sales"], params);
  return { counters: { ...counters, event_city_rows: events }, written: written + events };
}
