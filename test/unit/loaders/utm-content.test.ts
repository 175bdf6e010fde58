import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseUtmContent } from "../../../loaders/core/utm-content";
import { canonicalCity } from "../../../loaders/core/values";
import { cityAliases } from "../../support/sql";

const aliases = cityAliases();
/** The city of a row, as a load finds it. */
const cityOf = (content: string) => canonicalCity(parseUtmContent(content).cityRaw, aliases);

describe("utm_content of the form <city>_<dd>_<mm>", () => {
  test.each([
    ["msk_05_11", "msk", 5, 11, "москва"],
    ["  MSK_05_11 ", "MSK", 5, 11, "москва"],
    ["мск_05_11", "мск", 5, 11, "москва"],
    ["Москва_05_11", "Москва", 5, 11, "москва"],
    ["moskva_01_01", "moskva", 1, 1, "москва"],
    ["spb_31_12", "spb", 31, 12, "санкт-петербург"],
    ["СПБ_31_12", "СПБ", 31, 12, "санкт-петербург"],
    ["санкт-петербург_31_12", "санкт-петербург", 31, 12, "санкт-петербург"],
    ["Санкт_Петербург_31_12", "Санкт_Петербург", 31, 12, "санкт-петербург"],
    ["nizhniy_novgorod_05_11", "nizhniy_novgorod", 5, 11, "нижний новгород"],
    ["nizhniy-novgorod_05_11", "nizhniy-novgorod", 5, 11, "нижний новгород"],
    ["нижний_новгород_05_11", "нижний_новгород", 5, 11, "нижний новгород"],
    ["Нижний-Новгород_05_11", "Нижний-Новгород", 5, 11, "нижний новгород"],
    ["nnv_05_11", "nnv", 5, 11, "нижний новгород"],
    ["орёл_01_02", "орёл", 1, 2, "орёл"],
    ["орел_01_02", "орел", 1, 2, "орёл"],
    ["ОРЁЛ_01_02", "ОРЁЛ", 1, 2, "орёл"],
    ["орёл_01_02".normalize("NFD"), "орёл", 1, 2, "орёл"],
    ["ростов-на-дону_10_10", "ростов-на-дону", 10, 10, "ростов-на-дону"],
    ["rostov_na_donu_10_10", "rostov_na_donu", 10, 10, "ростов-на-дону"],
    ["kzn_29_02", "kzn", 29, 2, "казань"],
    ["ekb_30_04", "ekb", 30, 4, "екатеринбург"],
    ["nsk_30_11", "nsk", 30, 11, "новосибирск"],
  ])("%j is %j on %i.%i, which is %s", (content, cityRaw, day, month, city) => {
    expect(parseUtmContent(content)).toEqual({ cityRaw, day, month, ok: true });
    expect(cityOf(content)).toEqual({ city, known: true });
  });

  test.each([
    ["zlatoust_05_11", "zlatoust"],
    ["Новый_Город_05_11", "новый город"],
    ["йошкарола_05_11", "йошкарола"],
    ["msk_spb_05_11", "msk spb"],
  ])("the city of %j is kept as it is written, and nobody knows it", (content, city) => {
    expect(parseUtmContent(content).ok).toBe(true);
    expect(cityOf(content)).toEqual({ city, known: false });
  });

  test.each([
    "tver_1_2",
    "msk_5_11",
    "msk_05_1",
    "msk_32_01",
    "msk_00_01",
    "msk_10_13",
    "msk_10_00",
    "msk_31_02",
    "msk_30_02",
    "msk_31_04",
    "msk_31_06",
    "msk_31_09",
    "msk_31_11",
    "msk_05",
    "msk",
    "_05_11",
    "05_11",
    "__05_11",
    "msk__05_11",
    "msk-_05_11",
    "-msk_05_11",
    "msk_05_11_",
    "msk_05_11_x",
    "msk_05_11_2025",
    "msk-05-11",
    "msk.05.11",
    "msk 05 11",
    "нижний новгород_05_11",
    "msk2_05_11",
    "crea12_hypothesis",
    "banner-1",
    "{{campaign_name}}",
    "{{city}}_05_11",
    "msk_٠٥_١١",
    "msk_０５_１１",
    "мск,спб_05_11",
    "東京_05_11",
    "",
    "   ",
  ])("%j is of another form: nothing is guessed", (content) => {
    expect(parseUtmContent(content)).toEqual({ cityRaw: "", day: 0, month: 0, ok: false });
    expect(cityOf(content)).toEqual({ city: "", known: true });
  });

  test("any text is read without an exception, and what is read is a day that exists", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "grapheme" }), fc.stringMatching(/^[a-zа-яё_-]{0,9}_\d\d_\d\d$/)),
        (text) => {
          const { cityRaw, day, month, ok } = parseUtmContent(text);
          if (!ok) {
            expect([cityRaw, day, month]).toEqual(["", 0, 0]);
            return;
          }
          const date = new Date(Date.UTC(2024, month - 1, day));
          expect([date.getUTCDate(), date.getUTCMonth() + 1]).toEqual([day, month]);
          expect(text.normalize("NFC").trim().toLowerCase()).toBe(
            `${cityRaw}_${String(day).padStart(2, "0")}_${String(month).padStart(2, "0")}`.toLowerCase(),
          );
        },
      ),
      { seed: 16 },
    );
  });
});
