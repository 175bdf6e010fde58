import fc from "fast-check";
import { expect, test } from "vitest";
import { utmOf } from "../../../../loaders/vk-ads/landing";

const NONE = { utm_source: "", utm_medium: "", utm_campaign: "", utm_content: "", utm_term: "" };

test.each([
  [["https://a.test/?utm_source=vk&utm_medium=cpc"], { utm_source: "vk", utm_medium: "cpc" }],
  [["utm_source=vk&utm_content=msk_05_11"], { utm_source: "vk", utm_content: "msk_05_11" }],
  [["?utm_source=vk"], { utm_source: "vk" }],
  [["a.test/path?utm_source=VK#top"], { utm_source: "VK" }],
  [["https://a.test/#?utm_source=vk"], {}],
  [["https://a.test/?utm_content=%D0%BC%D1%81%D0%BA_05_11"], { utm_content: "мск_05_11" }],
  [["https://a.test/?utm_campaign=big+sale"], { utm_campaign: "big sale" }],
  [["https://a.test/?utm_source=%20vk%20"], { utm_source: "vk" }],
  [["https://a.test/?utm_source=%zz&utm_medium=cpc"], { utm_source: "%zz", utm_medium: "cpc" }],
  [["https://a.test/?utm_source=&utm_source=vk"], { utm_source: "vk" }],
  [["https://a.test/?utm_source=one&utm_source=two"], { utm_source: "one" }],
  [["https://a.test/?x=1?utm_source=vk"], { utm_source: "vk" }],
  [
    ["utm_source=vk", "https://a.test/?utm_source=other&utm_medium=cpc"],
    { utm_source: "vk", utm_medium: "cpc" },
  ],
  [["", "a.test", "https://a.test/path", "not a link"], {}],
  [
    ["https://a.test/?utm_content={{campaign_name}}_{{ad_id}}"],
    { utm_content: "{{campaign_name}}_{{ad_id}}" },
  ],
  [["https://a.test/?utm_term=someone@example.test"], {}],
  [["http://[broken/?utm_source=vk"], { utm_source: "vk" }],
  [[], {}],
])("%j has %j", (texts, expected) => {
  expect(utmOf(texts)).toEqual({ ...NONE, ...expected });
});

test("whatever a link holds, the five marks are texts of at most 255 characters", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }), (texts) => {
      const marks = utmOf(texts);
      expect(Object.keys(marks)).toEqual(Object.keys(NONE));
      for (const value of Object.values(marks))
        expect([...(value as string)].length).toBeLessThanOrEqual(255);
    }),
    { seed: 16 },
  );
});
