import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Check, Judge, Known, Output, Step } from "../../../ops/acceptance/check";
import { checks } from "../../../ops/acceptance/checks";
import { toHtml } from "../../../ops/acceptance/html";
import {
  all,
  counts,
  failsInASentence,
  isSilent,
  prints,
  printsAsBefore,
  succeeds,
} from "../../../ops/acceptance/judges";
import { toBlock, toMarkdown } from "../../../ops/acceptance/markdown";
import { draw } from "../../../ops/acceptance/pictures";
import { Runner, type Result } from "../../../ops/acceptance/run";
import { Secrets, secretsOfConfig } from "../../../ops/acceptance/secrets";
import { conclude, countsOf, type Summary } from "../../../ops/acceptance/summary";
import { same, say, type Language } from "../../../ops/acceptance/text";
import { formatSeconds } from "../../../ops/acceptance/words";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "zakaz-acceptance-unit-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function newKnown(kept: Known["kept"] = {}): Known {
  const place = {
    checkout: folder,
    work: folder,
    clone: join(folder, "clone"),
    instance: "unit",
    httpPort: 1,
    nativePort: 2,
  };
  return { place, kept, startedAt: new Date("2026-11-29T10:00:00Z"), secrets: new Secrets() };
}

const step = (command: string, more: Partial<Step> = {}): Step => ({
  in: "checkout",
  command: () => command,
  ...more,
});
const check = (id: string, steps: Step[], more: Partial<Check> = {}): Check => ({
  ...{ id, title: say(`Title of ${id}`, `Название ${id}`), demands: say("demand", "требование"), steps },
  ...more,
});
const run = (list: Check[], known = newKnown(), keepGoing = false, signal = new AbortController().signal) =>
  new Runner(known).run(list, { keepGoing, signal });
const states = (results: Result[]) => results.map(({ check: { id }, state }) => `${id} ${state}`);

describe("the checks", () => {
  it("have ids of their own, and their texts in both languages", () => {
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
    for (const { id, title, demands, steps } of checks) {
      expect(id).toMatch(/^[a-z-]+$/);
      for (const text of [title, demands]) {
        expect(text.ru, id).toMatch(/[а-я]/);
        expect(text.en, id).toMatch(/[a-z]/);
        expect(text.en, id).not.toMatch(/[а-яё]/i);
        // A table and a sentence put their own stop behind it.
        expect(text.en + text.ru, id).not.toMatch(/[.;]$/m);
      }
      expect(steps.length, id).toBeGreaterThan(0);
    }
  });

  it("end with the one that removes everything", () => {
    expect(checks.filter(({ always }) => always).map(({ id }) => id)).toEqual([checks.at(-1)!.id]);
  });

  it("have no command that shows a secret", () => {
    const known = newKnown({ container: "ch-zakaz-unit" });
    for (const { steps } of checks) {
      for (const { command } of steps) expect(command(known)).not.toMatch(/--show-secrets|--password=/);
    }
  });
});

describe("a run", () => {
  it("stops at the first failure, but cleans up", async () => {
    const results = await run([
      check("a", [step("true")]),
      check("b", [step("echo why >&2; exit 3"), step("touch never")]),
      check("c", [step("true")]),
      check("last", [step("echo gone")], { always: true }),
    ]);
    expect(states(results)).toEqual(["a ok", "b failed", "c not run", "last ok"]);
    expect(results[1]?.reason).toEqual({
      en: "ended with code 3: why",
      ru: "команда завершилась с кодом 3: why",
    });
    expect(results[1]?.ran).toHaveLength(1);
  });

  it("goes on where it is told to", async () => {
    const results = await run([check("a", [step("false")]), check("b", [step("true")])], newKnown(), true);
    expect(states(results)).toEqual(["a failed", "b ok"]);
  });

  it("cleans up whatever of it fails", async () => {
    const steps = [step("false"), step("echo second"), step("false")];
    const [result] = await run([check("last", steps, { always: true })]);
    expect(result?.ran.map(({ output }) => output.code)).toEqual([1, 0, 1]);
    expect(result?.state).toBe("failed");
  });

  it("hands outputs on to later steps", async () => {
    const judge: Judge = printsAsBefore("first", same("it"));
    const results = await run([
      check("a", [step("echo 1", { keep: "first" }), step("echo 1", { judge })]),
      check("b", [step("printf '1\\n2\\n'", { judge })]),
    ]);
    expect(states(results)).toEqual(["a ok", "b failed"]);
    expect(results[1]?.reason).toEqual({ en: "it changed: - → 2", ru: "изменилось: it (- → 2)" });
  });

  it("fails for a secret in an output, and does not show it", async () => {
    const known = newKnown();
    known.secrets.add("adminPassword", "correct-horse");
    const leak = `echo user:$(printf 'admin:correct-horse' | base64); echo correct-horse; echo ${createHash("sha256").update("correct-horse").digest("hex")}`;
    const [result] = await run([check("a", [step(leak)])], known);
    expect(result?.reason?.en).toBe(
      "the output of `echo user:$(printf 'admin:***' | base64); echo ***; echo ***` shows adminPassword",
    );
    const shown = JSON.stringify(result);
    expect(shown).not.toContain("correct-horse");
    expect(shown).not.toContain(createHash("sha256").update("correct-horse").digest("hex"));
    expect(known.secrets.findIn(shown)).toEqual([]);
  });

  it("ends a command that takes too long, with what it started", async () => {
    const marker = `sleep 54${process.pid}`;
    const [result] = await run([check("a", [step(`${marker} & ${marker}`, { limit: 0.01 })])]);
    expect(result?.reason?.en).toBe("did not end within 0.01 min");
    const [left] = await run([check("b", [step(`pgrep -fx '${marker}' || true`)])]);
    expect(left?.ran[0]?.output.stdout).toBe("");
  });

  it("is stopped by a signal, and still cleans up", async () => {
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort(), 200);
    const results = await run(
      [
        check("a", [step("sleep 60")]),
        check("b", [step("true")]),
        check("last", [step("sleep 0.1; echo gone")], { always: true }),
      ],
      newKnown(),
      true,
      interrupt.signal,
    );
    expect(states(results)).toEqual(["a failed", "b not run", "last ok"]);
    expect(results[0]?.reason?.en).toBe("stopped by a signal");
  });

  it("gives its commands nothing of the operator's own stack", async () => {
    process.env["PULUMI_CONFIG_PASSPHRASE"] = "the operator's";
    try {
      const [result] = await run([
        check("a", [step("env | grep ^PULUMI_ || true", { judge: isSilent(same("env")) })]),
      ]);
      expect(result?.state).toBe("ok");
    } finally {
      delete process.env["PULUMI_CONFIG_PASSPHRASE"];
    }
  });
});

describe("judges", () => {
  const judged = (judge: Judge, output: Partial<Output>, kept = {}) =>
    judge({ code: 0, stdout: "", stderr: "", ...output }, newKnown(kept))?.en;

  it.each<[string, Judge, Partial<Output>, string | undefined]>([
    ["a success", succeeds, { stdout: "x" }, undefined],
    [
      "Pulumi's error before what it says of itself",
      succeeds,
      { code: 255, stdout: "+  zakaz-dev creating (3s) error: Port 1 is taken\nResources:\n  1 unchanged" },
      "ended with code 255: error: Port 1 is taken",
    ],
    [
      "the sentence of zakaz",
      succeeds,
      { code: 1, stderr: "Unrelated\nzakaz: The server is stopped\nmake: *** [up] Error 1" },
      "ended with code 1: zakaz: The server is stopped",
    ],
    [
      "the builder's sentence behind its notes",
      succeeds,
      { code: 1, stderr: "DEPRECATED: Old.\nCOPY failed: file not found: x.js\n" },
      "ended with code 1: COPY failed: file not found: x.js",
    ],
    ["a failure without words", succeeds, { code: 1 }, "ended with code 1: -"],
    ["the wanted output", prints("1"), { stdout: "1\n" }, undefined],
    [
      "another output",
      prints("1"),
      { stdout: "Code: 516.\nDenied" },
      "printed Code: 516. Denied instead of 1",
    ],
    ["silence", isSilent(same("left")), { stdout: "\n" }, undefined],
    ["names where there should be none", isSilent(same("left")), { stdout: "a\nb\n" }, "left: a b"],
    ["a number that fits", counts((n) => n > 0, same("1")), { stdout: "3\n" }, undefined],
    ["no number", counts((n) => n >= 0, same("a number")), { stdout: "" }, " instead of a number"],
    ["a number that does not fit", counts((n) => n === 0, same("0")), { stdout: "2" }, "2 instead of 0"],
    [
      "a failure in a sentence",
      failsInASentence(/ClickHouse/),
      { code: 1, stderr: "zakaz: ClickHouse does not answer" },
      undefined,
    ],
    ["a success that must be none", failsInASentence(/./), {}, "ended with code 0 where it must fail"],
    [
      "a stack trace",
      failsInASentence(/ClickHouse/),
      { code: 1, stderr: "Error: ClickHouse\n    at load (/x/load.ts:31:41)" },
      "failed with a stack trace instead of a sentence",
    ],
    [
      "a failure that does not say why",
      failsInASentence(/ClickHouse/),
      { code: 1, stderr: "oh dear" },
      "does not say what is wrong: oh dear",
    ],
    [
      "the first of several demands",
      all(succeeds, prints("1")),
      { code: 2, stdout: "1" },
      "ended with code 2: 1",
    ],
  ])("know %s", (_, judge, output, reason) => {
    expect(judged(judge, output)).toBe(reason);
  });
});

describe("secrets", () => {
  const secret = fc.string({ minLength: 8, maxLength: 40, unit: "grapheme-ascii" });

  it("are found and hidden in any neighbourhood, plain, in base64 and URL-encoded", () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string({ minLength: 3 }), (value, before, after) => {
        const secrets = new Secrets();
        secrets.add("it", value);
        const shapes = [
          before + value + after,
          Buffer.from(before + value + after).toString("base64"),
          encodeURIComponent(value),
        ];
        for (const shape of shapes) {
          expect(secrets.findIn(shape)).toEqual(["it"]);
          expect(secrets.findIn(secrets.redact(shape))).toEqual([]);
        }
        const hash = createHash("sha256").update(value).digest("hex");
        expect(secrets.redact(hash)).not.toContain(hash);
      }),
    );
  });

  it("are read from a stack's configuration, those of lists too", () => {
    const config = {
      "zakaz:adminPassword": { value: "a-password", secret: true },
      "zakaz:httpPort": { value: "8123", secret: false },
      "zakaz:vkAdsAccounts": {
        value: JSON.stringify([
          { account: 1001, clientId: "client", clientSecret: "a-secret" },
          { accessToken: "a-token" },
        ]),
        secret: true,
      },
    };
    expect(secretsOfConfig(JSON.stringify(config))).toEqual([
      ["adminPassword", "a-password"],
      ["vkAdsAccounts[0].clientSecret", "a-secret"],
      ["vkAdsAccounts[1].accessToken", "a-token"],
    ]);
  });
});

describe("a report", () => {
  const data = {
    commit: "abc subject",
    "rows before": "orders_raw\t0",
    "rows after": "orders_raw\t1234",
    "sales per day": "2026-11-28\t5\t1000.50\n2026-11-29\t7\t2000",
    inventory: "<b>Concert</b>\t100\t40",
    freshness: "dim_events\t0.5\t12",
    "run times": "qtickets_api\t2026-11-29 10:00:00\t3\t2334",
  };

  async function summaryOf(language: Language, command: string, judge: Judge = succeeds): Promise<Summary> {
    const known = newKnown(data);
    const results = await run(
      [check("first", [step(command, { judge })]), check("last", [step("true")], { always: true })],
      known,
    );
    return { language, startedAt: known.startedAt, seconds: 65.4, results, known };
  }

  it("says in both languages what was accepted", async () => {
    const en = await summaryOf("en", "true");
    expect(conclude(en)).toBe(
      "**Accepted.** All 2 checks are OK, in 1\u00a0min 05\u00a0s. The stack was built from nothing, loaded twice (1,234 order lines, no " +
        "doubles), read as DataLens reads it, broken, mended and removed; the checkout is as it was.",
    );
    const ru = conclude({ ...en, language: "ru" });
    expect(ru).toContain("**Принято.** Пройдены все проверки (2) за 1\u00a0мин 05\u00a0с.");
    expect(ru).toContain("строк заказов: 1\u00a0234");
    expect(countsOf(en.known)).toEqual([{ table: "orders_raw", before: 0, after: 1234 }]);
  });

  it("says what was not accepted, and why", async () => {
    const summary = await summaryOf("en", "echo Oops >&2; exit 1");
    expect(conclude(summary)).toBe(
      "**Not accepted.** Check `first` (Title of first) failed: ended with code 1: Oops. 1 of 2 checks are OK, in 1\u00a0min 05\u00a0s. " +
        "What this run had made was removed.",
    );
    expect(toBlock(summary, "logs/x")).toContain("| FAIL | `first` | Title of first |");
  });

  it("shows any output as it is, and none of it becomes part of the page", async () => {
    const output = "```\n</code></pre><script>alert(1)</script>\n# no heading | <img src=x>";
    const summary = await summaryOf("en", `printf '%s' '${output}'`, prints("something else"));
    const pictures = draw(summary.known, "en");
    const markdown = toMarkdown(summary, pictures);
    expect(markdown).toContain(output);
    const html = toHtml(markdown, pictures, "en");
    expect(html).toContain(
      "&lt;/code&gt;&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;\n# no heading | &lt;img src=x&gt;",
    );
    expect(html).not.toMatch(/<script|<img|<b>Concert/);
    expect(html.match(/<h1>/g)).toHaveLength(1);
  });

  it("keeps the beginning and the end of a long output", async () => {
    const markdown = toMarkdown(await summaryOf("ru", "seq 1 1000"), []);
    expect(markdown).toContain("\n60\n… пропущено строк: 820 …\n881\n");
    expect(markdown).toContain("\n1000\n");
  });

  it("draws a picture for whatever there are data of", () => {
    const pictures = draw(newKnown(data), "ru");
    expect(pictures.map(({ file, title }) => `${file} ${title}`)).toEqual([
      "sales.svg Продажи по дням",
      "inventory.svg Места по мероприятиям",
      "freshness.svg Свежесть: минут с последней записи",
      "runs.svg Длительность загрузок",
    ]);
    for (const { svg } of pictures) expect(svg).toMatch(/^<svg [\s\S]*<\/svg>$/);
    expect(draw(newKnown(), "en")).toEqual([]);
  });
});

describe("durations", () => {
  it.each([
    [4.24, "4.2\u00a0s", "4,2\u00a0с"],
    [59.5, "59.5\u00a0s", "59,5\u00a0с"],
    [185, "3\u00a0min 05\u00a0s", "3\u00a0мин 05\u00a0с"],
  ])("of %d s", (seconds, en, ru) => {
    expect(formatSeconds(seconds, "en")).toBe(en);
    expect(formatSeconds(seconds, "ru")).toBe(ru);
  });
});
