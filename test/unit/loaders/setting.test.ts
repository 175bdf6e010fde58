import { expect, test } from "vitest";
import { z } from "zod";
import {
  envSample,
  kinds,
  parseEnvFile,
  parseSettings,
  secretValues,
  setting,
} from "../../../loaders/core/setting";

const schema = z.object({
  ACME_TOKEN: setting(kinds.text(), {
    doc: "Key.",
    form: "a text",
    aliases: ["ACME_KEY"],
    secret: true,
    sample: "x",
  }),
  ACME_HOURS: setting(kinds.integer(1, 10).default(3), { doc: "Hours.", form: "an integer from 1 to 10" }),
  ACME_ON: setting(kinds.boolean().default(false), { doc: "On.", form: "yes or no" }),
});
const read = (environment: Record<string, string>) => parseSettings(schema, environment, ["ACME_"]);

test("the main name wins over its alias, a blank value counts as missing", () => {
  expect(read({ ACME_TOKEN: "a", ACME_KEY: "b" }).ACME_TOKEN).toBe("a");
  expect(read({ ACME_TOKEN: "  ", ACME_KEY: " b " })).toEqual({
    ACME_TOKEN: "b",
    ACME_HOURS: 3,
    ACME_ON: false,
  });
  expect(read({ ACME_TOKEN: "a", ACME_HOURS: "10", ACME_ON: "YES" })).toEqual({
    ACME_TOKEN: "a",
    ACME_HOURS: 10,
    ACME_ON: true,
  });
});

test("everything wrong is named at once, under the name that was used, and no value is shown", () => {
  const wrong = {
    ACME_HOURS: "eleven-secret",
    ACME_ON: "y-secret",
    ACME_HUORS: "secret",
    ACME_UNHEARD_OF: "secret",
    OTHER: "secret",
  };
  expect(() => read(wrong)).toThrow(
    "Settings are wrong: ACME_HUORS is not a setting of this program: did you mean ACME_HOURS?; " +
      "ACME_UNHEARD_OF is not a setting of this program: remove it or correct its name; " +
      "ACME_TOKEN is missing: set it to a text; ACME_HOURS must be an integer from 1 to 10; ACME_ON must be yes or no.",
  );
  try {
    read(wrong);
  } catch (error) {
    expect(String(error)).not.toContain("secret");
  }
});

test.each(["0", "11", "1.5", "1e1", "0x2", "-1", "٣"])("the integer %s is refused", (text) => {
  expect(() => read({ ACME_TOKEN: "a", ACME_HOURS: text })).toThrow("ACME_HOURS must be");
});

test.each(["y", "n", "2", "truee"])("the flag %s is refused", (text) => {
  expect(() => read({ ACME_TOKEN: "a", ACME_ON: text })).toThrow("ACME_ON must be");
});

test("secrets are found under every name", () => {
  expect(secretValues(schema, { ACME_TOKEN: "one-secret", ACME_KEY: "two-secret", ACME_HOURS: "3" })).toEqual(
    ["one-secret", "two-secret"],
  );
});

test("environment files are read literally, as the container engine reads them", () => {
  expect(parseEnvFile('\uFEFF# remark\r\nA="quoted" $x\r\n\n  B=\nC=a=b\nA2= spaced \n', "f")).toEqual({
    A: '"quoted" $x',
    B: "",
    C: "a=b",
    A2: " spaced ",
  });
  expect(() => parseEnvFile("A=1\nexport B=2\nC\n", "my.env")).toThrow(
    "my.env: line 2, 3 is not of the form NAME=value",
  );
});

test("the sample names purpose, form, other names and default", () => {
  expect(envSample(schema, ["Head"])).toBe(
    "# Head\n\n# Key.\n# Form: a text.\n# Other names: ACME_KEY.\nACME_TOKEN=x\n\n# Hours.\n# Form: an integer from 1 to 10.\n" +
      "#ACME_HOURS=3\n\n# On.\n# Form: yes or no.\n#ACME_ON=false\n",
  );
});
