import fc from "fast-check";
import type { FaultRule } from "../../../../sandbox/vk-ads/sandbox";
import type { Crash } from "../simulated-run";

/** Any number names a thing: it counts around. Days count back from the first day of a history. */
export type VendorStep =
  | { do: "stat"; ad: number; day: number; kopecks: number; impressions: number; clicks: number }
  | { do: "unstat"; ad: number; day: number }
  | { do: "tagGroup"; group: number; utm: number | null }
  | { do: "tagAd"; ad: number; utm: number | null }
  | { do: "moveAd"; ad: number; group: number }
  | { do: "moveGroup"; group: number; campaign: number }
  | { do: "renameCampaign"; campaign: number; name: number }
  | { do: "renameAd"; ad: number; name: number }
  | { do: "setStatus"; ad: number; status: "active" | "blocked" | "deleted" }
  | { do: "removeAd"; ad: number }
  | { do: "bringBack"; ad: number }
  | { do: "alias"; spelling: number; city: number | null }
  | { do: "sell"; day: number; event: number; city: number; utm: number; tickets: number; kopecks: number }
  | { do: "direct"; day: number; city: number; utm: number; clicks: number; kopecks: number }
  | { do: "wait"; seconds: number };

/** A load, and what befalls it. */
export interface LoadStep {
  do: "load";
  /** Null: the usual days. `whole`: every day of the history. */
  days: { from: number; length: number } | "whole" | null;
  /** Index of the only account that is asked for. */
  account: number | null;
  /** Index of the only campaign that is asked for. */
  campaign: number | null;
  idsPerRequest: number;
  daysPerRequest: number;
  crash: Crash | null;
  fault: FaultRule | null;
}

/** Cities anew by the aliases of now. */
export interface RecomputeStep {
  do: "recompute";
  days: { from: number; length: number } | "whole";
  crash: Crash | null;
}

export type Step = VendorStep | LoadStep | RecomputeStep;

/** Days of a history, as days before its first one: some are yet to come, some are older than a run's usual comparison. */
const DAYS = [-3, -2, -1, 0, 1, 2, 3, 4, 31, 100, 150] as const;
export const OLDEST = 150;

const nat = () => fc.nat({ max: 30 });
const day = () => fc.constantFrom(...DAYS);
const kopecks = () => fc.oneof(fc.constantFrom(0, 1, 10, 99_999_99), fc.integer({ min: 1, max: 300_000 }));

/** Nothing in all but one of so many cases. */
const onceIn = <T>(times: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: times - 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary },
  );
const step = <Name extends string, T>(name: Name, fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record({ do: fc.constant(name), ...fields });

const vendorStep = fc.oneof(
  {
    weight: 18,
    arbitrary: step("stat", {
      ad: nat(),
      day: day(),
      kopecks: kopecks(),
      impressions: fc.constantFrom(0, 1, 1000),
      clicks: fc.constantFrom(0, 0, 1, 30),
    }),
  },
  step("unstat", { ad: nat(), day: day() }),
  step("tagGroup", { group: nat(), utm: onceIn(3, nat()) }),
  step("tagAd", { ad: nat(), utm: onceIn(3, nat()) }),
  { weight: 3, arbitrary: step("moveAd", { ad: nat(), group: nat() }) },
  { weight: 2, arbitrary: step("moveGroup", { group: nat(), campaign: nat() }) },
  step("renameCampaign", { campaign: nat(), name: nat() }),
  step("renameAd", { ad: nat(), name: nat() }),
  step("setStatus", { ad: nat(), status: fc.constantFrom("active" as const, "blocked" as const, "deleted" as const) }),
  { weight: 2, arbitrary: step("removeAd", { ad: nat() }) },
  step("bringBack", { ad: nat() }),
  step("alias", { spelling: nat(), city: onceIn(2, nat()) }),
  { weight: 2, arbitrary: step("sell", { day: day(), event: nat(), city: nat(), utm: nat(), tickets: fc.nat({ max: 3 }), kopecks: kopecks() }) },
  step("direct", { day: day(), city: nat(), utm: nat(), clicks: fc.nat({ max: 3 }), kopecks: kopecks() }),
  {
    weight: 3,
    arbitrary: step("wait", {
      seconds: fc.oneof(
        fc.constantFrom(1, 3600, -3600, -2 * 86_400),
        fc.integer({ min: 1, max: 86_400 }),
        fc.constant(86_400),
      ),
    }),
  },
) as fc.Arbitrary<VendorStep>; // prettier-ignore

const window = () =>
  fc.record({ from: fc.constantFrom(0, 1, 2, 4, 31, 100), length: fc.integer({ min: 1, max: 6 }) });
const crash = (statements: number): fc.Arbitrary<Crash> =>
  fc.record({
    statement: fc.nat({ max: statements }),
    when: fc.constantFrom("before" as const, "after" as const),
    then: fc.constantFrom("death" as const, "death" as const, "error" as const),
  });

const fault = fc.oneof(
  fc.record({
    kind: fc.constantFrom("drop", "truncated", "brokenJson", "html", "empty", "statusError", "unknownAd", "expireTokens"),
    route: fc.constantFrom(
      "/api/v2/statistics/banners/day.json",
      "/api/v2/banners.json",
      "/api/v3/user.json",
      "/method/ads.getStatistics",
      "/method/ads.getAds",
      "/method/ads.getAdsLayout",
    ),
    skip: fc.nat({ max: 3 }),
    times: fc.constantFrom(1, 3, 1000),
  }),
  fc.record({
    kind: fc.constant("status" as const),
    status: fc.constantFrom(403, 429, 500, 502),
    route: fc.constantFrom("/api/v2/statistics/banners/day.json", "/api/v2/ad_groups.json", "/method/ads.getStatistics"),
    skip: fc.nat({ max: 3 }),
    times: fc.constantFrom(1, 3, 1000),
  }),
  fc.record({
    kind: fc.constant("apiError" as const),
    code: fc.constantFrom(1, 6, 9, 100, 601, 603),
    route: fc.constant("/method/ads.getStatistics"),
    skip: fc.nat({ max: 3 }),
    times: fc.constantFrom(1, 3, 1000),
  }),
) as fc.Arbitrary<FaultRule>; // prettier-ignore

const loadStep: fc.Arbitrary<LoadStep> = fc.record({
  do: fc.constant("load" as const),
  days: fc.oneof(fc.constant(null), fc.constant("whole" as const), window()),
  account: onceIn(4, nat()),
  campaign: onceIn(5, nat()),
  idsPerRequest: fc.constantFrom(1, 2, 100),
  daysPerRequest: fc.constantFrom(7, 31, 90),
  crash: onceIn(2, crash(8)),
  fault: onceIn(3, fault),
});
const recomputeStep: fc.Arbitrary<RecomputeStep> = fc.record({
  do: fc.constant("recompute" as const),
  days: fc.oneof(fc.constant("whole" as const), window()),
  crash: onceIn(3, crash(9)),
});

/** Any history of some steps. */
export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: vendorStep },
    { weight: 4, arbitrary: loadStep },
    { weight: 1, arbitrary: recomputeStep },
  ),
  { minLength: 5, maxLength: 50, size: "max" },
);

/** A load of every day to which nothing happens. */
export const undisturbed: LoadStep = {
  do: "load",
  days: "whole",
  account: null,
  campaign: null,
  idsPerRequest: 100,
  daysPerRequest: 90,
  crash: null,
  fault: null,
};

const spent = (kopecks: number, dayBack = 1): VendorStep => ({ do: "stat", ad: 0, day: dayBack, kopecks, impressions: 1000, clicks: 1 }); // prettier-ignore
/** To another campaign: the group of the last ad is in it. */
const moved: VendorStep = { do: "moveAd", ad: 0, group: 1 };
const diesAfterStaging: LoadStep = { ...undisturbed, crash: { statement: 3, when: "after", then: "death" } };
const wait: VendorStep = { do: "wait", seconds: 60 };

/** Histories that once ended in wrong facts, or nearly. They are tried first. */
export const KNOWN: readonly Step[][] = [
  // A run dies with an ad under two campaigns; the next ones do not read it.
  [spent(100), undisturbed, wait, moved, diesAfterStaging, wait, { do: "removeAd", ad: 0 }, undisturbed, wait, undisturbed],
  // The same, and a recompute in between.
  [
    spent(100), undisturbed, wait, moved, diesAfterStaging, { do: "removeAd", ad: 0 },
    { do: "recompute", days: "whole", crash: null }, wait, { do: "recompute", days: "whole", crash: null }, wait,
  ],
  // The withdrawn row of an ad gets another city, the one that counts does not.
  [
    { do: "tagGroup", group: 0, utm: 3 }, spent(100), undisturbed, wait, moved, undisturbed, wait,
    { do: "removeAd", ad: 0 }, { do: "alias", spelling: 0, city: 0 }, { do: "recompute", days: "whole", crash: null }, wait,
  ],
  // A clock that went back, a run that died, and a recompute before the next.
  [
    { do: "tagGroup", group: 0, utm: 3 }, spent(100), undisturbed, { do: "wait", seconds: -3600 }, moved, diesAfterStaging,
    { do: "removeAd", ad: 0 }, { do: "alias", spelling: 0, city: 0 }, { do: "recompute", days: "whole", crash: null }, wait,
  ],
  // A run over days long past dies before the fact.
  [spent(100, 150), diesAfterStaging, { do: "removeAd", ad: 0 }, { ...undisturbed, days: null }],
]; // prettier-ignore
