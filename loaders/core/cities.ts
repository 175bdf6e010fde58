import { asLoader } from "../../warehouse/queries";
import type { Database } from "./database";

/** Spellings of cities that have a canonical one: look-up key to city. */
export async function readAliases(database: Database): Promise<Map<string, string>> {
  const found = await database.rows<{ alias: string; city: string }>(
    asLoader`SELECT alias, city FROM ${database.name}.dim_city_alias FINAL WHERE is_active = 1`,
  );
  return new Map(found.map(({ alias, city }) => [alias, city]));
}
