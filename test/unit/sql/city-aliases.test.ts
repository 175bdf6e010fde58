import { describe, expect, it } from "vitest";
import { citySeeds } from "../../support/sql";

const seeds = citySeeds();
const cities = new Set(seeds.map((seed) => seed.city));

/** Look-up key of a spelling that is in normal form already. */
const key = (name: string): string => name.replaceAll("ё", "е").replaceAll("-", " ");

describe("city aliases", () => {
  it("are a list of a sensible size", () => {
    expect(seeds.length).toBeGreaterThan(150);
    expect(cities.size).toBeGreaterThan(70);
  });

  it("are look-up keys, unique, with a note", () => {
    const aliases = seeds.map((seed) => seed.alias);
    expect(aliases.filter((alias, i) => aliases.indexOf(alias) !== i)).toEqual([]);
    for (const { alias } of seeds) expect(alias).toMatch(/^[a-zа-я]+( [a-zа-я]+)*$/);
  });

  it("stand for cities in normal form", () => {
    for (const city of cities) expect(city).toMatch(/^[а-яё]+([ -][а-яё]+)*$/);
  });

  it("have every city as its own alias, and no city as an alias of another", () => {
    const byAlias = new Map(seeds.map((seed) => [seed.alias, seed.city]));
    for (const city of cities) expect(byAlias.get(key(city))).toBe(city);
  });
});
