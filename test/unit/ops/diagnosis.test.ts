import { describe, expect, it } from "vitest";
import type { Container } from "../../../ops/container";
import { explain } from "../../../ops/diagnosis/explain";
import { containerTroubles } from "../../../ops/diagnosis/read";
import { columnIn, misfitsOf, objectIn, signsOf } from "../../../ops/diagnosis/signs";
import { countNormal } from "../../../ops/diagnosis/show";
import { withoutValues } from "../../../ops/diagnosis/statements";
import type { Trouble } from "../../../ops/diagnosis/trouble";
import type { StackOutputs } from "../../../ops/stack";
import { RUNNING, stackOutputs } from "./support";

/**
 * The recogniser alone: what only Docker, a vendor or another network makes. What a server shows:
 * test/integration/ops/diagnose.test.ts.
 */
const stack = stackOutputs("http://127.0.0.1:8123", ["qtickets_api", "vk_ads"]) as unknown as StackOutputs;

const sentences = (troubles: Trouble[], container: Container = RUNNING) =>
  explain({ stack, container, minutes: 60 }, troubles).findings.map(({ sentence }) => sentence);

const said = (job: string, text: string): Trouble => ({
  signs: [...signsOf(text), "by a loader"],
  who: job,
  user: "etl_writer",
  said: text,
  at: "",
});

describe("a container", () => {
  it.each<[string, Partial<Container>, string[]]>([
    ["healthy", {}, []],
    [
      "absent",
      { status: "absent", health: "" },
      [
        "The server's container c is not there; make up makes it anew, and its data are where they were, in volumes",
      ],
    ],
    [
      "stopped",
      { status: "exited", exitCode: 143 },
      ["The server is stopped: its container ended with code 143; docker start c starts it"],
    ],
    [
      "killed for its memory",
      { status: "exited", exitCode: 137, outOfMemory: true },
      [
        "The server was ended because c had used up its 4096 MiB of memory; pulumi config set zakaz:memory 8192 && pulumi up gives it twice as much",
      ],
    ],
    [
      "restarting",
      { status: "restarting", exitCode: 1 },
      [
        "The server ends again and again: its container ended with code 1; docker logs --tail 50 c shows what it says before it ends",
      ],
    ],
    ["paused", { status: "paused" }, ["The server's container c is paused; docker unpause c lets it go on"]],
    [
      "unhealthy",
      { health: "unhealthy" },
      [
        "The server answers, and the health check of c fails; docker inspect -f '{{json .State.Health.Log}}' c shows what the check says",
      ],
    ],
  ])("%s", (_, state, wanted) => {
    const container = { ...RUNNING, ...state };
    expect(sentences(containerTroubles(container), container)).toEqual(wanted);
  });

  it.each([
    ["starting", "The server in c is starting and does not answer yet; npx zakaz status shows when it does"],
    ["unknown", "The server does not answer, nor does Docker (ECONNREFUSED); make up starts both"],
    [
      "running",
      "The server's container c runs, and the server does not answer (ECONNREFUSED); docker restart c starts it again",
    ],
  ])("%s, with a server that does not answer", (state, wanted) => {
    const signs = ["server silent", `container ${state}`];
    expect(sentences([{ signs, who: "", said: "ECONNREFUSED", at: "" }])).toEqual([wanted]);
  });
});

describe("what a run says", () => {
  it.each([
    [
      "qtickets_api",
      "ClickHouse at ch:8123 does not answer (ECONNRESET): start it",
      "qtickets_api lost the server in its middle (ClickHouse at ch:8123 does not answer (ECONNRESET): start it), and it answers again; npx zakaz load loads what is missing",
    ],
    [
      "vk_ads",
      "VK Ads allows account 1001 no further request this day; run the load again after 2030-01-02 00:00 Moscow time.",
      "VK Ads allows vk_ads no more requests for now; npx zakaz load vk_ads goes on where it ended, after an hour, or after midnight where the limit is that of the day",
    ],
    [
      "vk_ads",
      "VK Ads /api/v2/ad_plans.json refused the token or the permission (HTTP 401, application/json, 50 bytes, code expired_token): check …",
      "VK Ads refuses the token of vk_ads or its rights; pulumi config set --secret --path 'zakaz:vkAdsAccounts[0].clientSecret' && pulumi up takes a new one",
    ],
    [
      "vk_ads",
      "VK Ads /api/v2/ad_plans.json broke off (EAI_AGAIN).",
      "The name of VK Ads cannot be resolved where vk_ads runs; docker run --rm --network n --entrypoint getent i hosts yandex.ru shows whether any name can, which is for the host's /etc/resolv.conf to mend",
    ],
    [
      "vk_ads",
      "VK Ads /api/v2/ad_plans.json did not answer within 30000 ms.",
      "VK Ads does not answer as it should (VK Ads /api/v2/ad_plans.json did not answer within 30000 ms); npx zakaz load vk_ads loads what is missing once it does",
    ],
    [
      "plan",
      "The plan was not imported: 1 mistake in city.",
      "plan failed: The plan was not imported: 1 mistake in city; npx zakaz import plan FILE runs it again, and with -- --verbose it says more",
    ],
  ])("%s: %s", (job, text, wanted) => expect(sentences([said(job, text)])).toEqual([wanted]));

  it.each([
    [
      "exited",
      "The sandbox is stopped, and vk_ads reads from it; docker start s starts it, before the next load",
    ],
    [
      "paused",
      "The sandbox is paused, and vk_ads reads from it; docker unpause s lets it go on, before the next load",
    ],
    [
      "absent",
      "The sandbox's container s is not there, and vk_ads reads from it; pulumi up --refresh makes it anew, before the next load",
    ],
    [
      "running",
      "The sandbox did not run when vk_ads read from it, and runs again; npx zakaz load vk_ads loads what is missing",
    ],
  ])("of a sandbox that is %s by now", (status, wanted) => {
    const sandbox = { ...RUNNING, status };
    const scene = { stack: { ...stack, sandboxContainer: "s" }, container: RUNNING, sandbox, minutes: 60 };
    const lost = said("vk_ads", "VK Ads /api/v2/ad_plans.json broke off (ENOTFOUND).");
    expect(explain(scene, [lost]).findings.map(({ sentence }) => sentence)).toEqual([wanted]);
  });

  it("names every column and table that the check of the tables misses", () => {
    expect(
      misfitsOf(
        "Database zakaz lacks column dim_events.city, table plan_sales (or the loader's user may not see them): apply the schema",
      ),
    ).toEqual([
      { sign: "lacks column", table: "dim_events", column: "city" },
      { sign: "lacks table", table: "plan_sales" },
    ]);
    expect(
      misfitsOf(
        "Database zakaz takes no NULL in dim_events.start_date (Date), where the loader may write it: …",
      ),
    ).toEqual([{ sign: "takes no NULL", table: "dim_events", column: "start_date" }]);
    expect(misfitsOf("QTickets /orders failed (HTTP 503).")).toEqual([]);
  });
});

describe("what the server says", () => {
  it.each([
    ["Unknown expression identifier `a.orders_count`", "orders_count"],
    ["No such column city in table zakaz.dim_events (uuid)", "city"],
    ["Missing columns: 'city' while processing query", "city"],
    ["Not enough privileges", undefined],
  ])("%s is about column %s", (text, column) => expect(columnIn(text)).toBe(column));

  it("is about the first object that it names, with or without its database", () => {
    const objects = [
      "zakaz.fact_qtickets_inventory",
      "zakaz.fact_qtickets_inventory_latest",
      "bi.v_sales_daily",
    ];
    expect(objectIn("INSERT INTO fact_qtickets_inventory_latest (a)", objects)).toBe(
      "zakaz.fact_qtickets_inventory_latest",
    );
    expect(objectIn("from bi.v_sales_daily, zakaz.fact_qtickets_inventory", objects)).toBe(
      "bi.v_sales_daily",
    );
    expect(objectIn("from zakaz.v_sales_daily_old", objects)).toBeUndefined();
  });

  it("is shown without the values that it quotes", () => {
    expect(withoutValues("Cannot parse input: expected '\\t' before: 'Ivanova, +7 900'")).toBe(
      "Cannot parse input: expected '…' before: '…'",
    );
  });
});

it("puts alike troubles together, the server's first, and counts what is no fault", () => {
  const lost = said("qtickets_api", "ClickHouse at ch:8123 does not answer (ECONNRESET)");
  const typo: Trouble = {
    signs: ["code 62", "by a reader"],
    who: "anna",
    said: "code 62 SYNTAX_ERROR: x",
    at: "",
  };
  const { findings, normal } = explain({ stack, container: RUNNING, minutes: 60 }, [
    lost,
    typo,
    { ...lost, at: "2030-01-01 10:00:00" },
    { signs: ["zone"], who: "", said: "UTC", at: "" },
    typo,
  ]);
  expect(findings.map(({ cause, times, at }) => [cause, times, at])).toEqual([
    ["zone", 1, ""],
    ["server lost", 2, "2030-01-01 10:00:00"],
  ]);
  expect(countNormal(normal)).toBe("anna SYNTAX_ERROR 2 times");
});
