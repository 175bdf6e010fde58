import { asLoader } from "../../warehouse/queries";
import type { Database } from "./database";
import { canonicalCity } from "./values";

/** Spellings of cities that have a canonical one: look-up key to city. */
export async function readAliases(database: Database): Promise<Map<string, string>> {
  const found = await database.rows<{ alias: string; city: string }>(
    asLoader`SELECT alias, city FROM ${database.name}.dim_city_alias FINAL WHERE is_active = 1`,
  );
  return new Map(found.map(({ alias, city }) => [alias, city]));
}

/** Lines with their canonical city, and how many different cities have no alias. */
export function withCanonicalCities<Line extends { city: string }>(
  lines: readonly Line[],
  aliases: ReadonlyMap<string, string>,
): { lines: Line[]; unknown: number } {
  const unknown = new Set<string>();
  const canonical = lines.map((line) => {
    const { city, known } = canonicalCity(line.city, aliases);
    if (!known) unknown.add(city);
    return { ...line, city };
  });
  return { lines: canonical, unknown: unknown.size };
}
