import fc from "fast-check";
import type { FaultRule } from "../../../sandbox/qtickets/sandbox";
import type { Crash } from "./simulated-run";
import { vendorStep, type VendorStep } from "./vendor-history";

/** A run of the loader, and what befalls it. */
export interface RunStep {
  do: "run";
  pageSize: number;
  concurrency: number;
  overlapMinutes: number;
  sinceHours: number;
  /** Orders of a slice of the first load. */
  sliceOrders: number;
  mode: "usual" | "full" | "lastDays";
  /** Moves the clock with every request, in milliseconds. */
  latency: number;
  crash: Crash | null;
  /** SIGKILL so long after the n-th request. */
  kill: { request: number; ms: number } | null;
  fault: FaultRule | null;
  /** What the vendor does while the n-th request is under way. */
  meanwhile: { request: number; steps: VendorStep[] } | null;
  /** A shop that sells all the time: one step in every so many requests. */
  busy: { every: number; steps: VendorStep[] } | null;
}

/** What can happen: at the vendor's, or a run. */
export type Step = VendorStep | RunStep;

/** Nothing in all but one of so many cases. */
const onceIn = <T>(times: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: times - 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary },
  );

const faultRule = fc.record({
  kind: fc.constantFrom("drop", "truncated", "brokenJson", "html", "empty", "statusError", "repeatedPage"),
  route: fc.constantFrom("/orders", "/events", "*"),
  skip: fc.nat({ max: 8 }),
  times: fc.constantFrom(1, 3, 1000),
}) as fc.Arbitrary<FaultRule>;
const filterFault = fc.record({
  kind: fc.constantFrom("filtersIgnored", "pageSizeIgnored", "idFiltersIgnored", "orderIgnored"),
  route: fc.constant("/orders"),
  skip: fc.nat({ max: 4 }),
}) as fc.Arbitrary<FaultRule>;

const runStep: fc.Arbitrary<RunStep> = fc.record({
  do: fc.constant("run" as const),
  pageSize: fc.integer({ min: 1, max: 5 }),
  concurrency: fc.constantFrom(1, 2, 4),
  overlapMinutes: fc.constantFrom(0, 5, 60, 3000),
  sinceHours: fc.constantFrom(1, 24, 72),
  sliceOrders: fc.constantFrom(1, 3, 20_000),
  mode: fc.constantFrom(
    "usual" as const,
    "usual" as const,
    "usual" as const,
    "full" as const,
    "lastDays" as const,
  ),
  latency: fc.constantFrom(0, 0, 150, 1000),
  crash: onceIn(
    2,
    fc.record({
      statement: fc.nat({ max: 20 }),
      when: fc.constantFrom("before" as const, "after" as const),
      then: fc.constantFrom("death" as const, "death" as const, "error" as const),
    }),
  ),
  kill: onceIn(10, fc.record({ request: fc.nat({ max: 7 }), ms: fc.nat({ max: 120 }) })),
  fault: onceIn(5, fc.oneof(faultRule, faultRule, filterFault)),
  meanwhile: onceIn(
    3,
    fc.record({ request: fc.nat({ max: 8 }), steps: fc.array(vendorStep(), { minLength: 1, maxLength: 3 }) }),
  ),
  busy: onceIn(
    3,
    fc.record({
      every: fc.constantFrom(1, 1, 2, 5),
      steps: fc.array(vendorStep(), { minLength: 1, maxLength: 30, size: "max" }),
    }),
  ),
});

/** Any history of some steps. */
export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ weight: 5, arbitrary: vendorStep() }, { weight: 2, arbitrary: runStep }),
  { minLength: 3, maxLength: 24, size: "max" },
);

/** A run to which nothing happens. */
export const undisturbed: RunStep = {
  do: "run",
  pageSize: 3,
  concurrency: 4,
  overlapMinutes: 0,
  sinceHours: 1,
  sliceOrders: 20_000,
  mode: "usual",
  latency: 0,
  crash: null,
  kill: null,
  fault: null,
  meanwhile: null,
  busy: null,
};

/** Histories that once ended in wrong facts, or nearly. They are tried first. */
export const KNOWN: readonly Step[][] = [
  // Between two pages of the first run one order leaves the list and another enters it: the total stays, the pages move.
  ...[13, 14, 15, 16, 17].map((request): Step[] => [
    ...[0, 1, 2, 3].flatMap((): VendorStep[] => [
      { do: "create", event: 0, kopecks: [100], quantity: 1, paid: true, utm: 0 },
      { do: "wait", seconds: 1 },
    ]),
    { do: "cancel", order: 3, payment: "lost" },
    { do: "wait", seconds: 3 * 86_400 },
    {
      ...undisturbed,
      pageSize: 1,
      meanwhile: {
        request,
        steps: [
          { do: "cancel", order: 0, payment: "lost" },
          { do: "restore", order: 3 },
        ],
      },
    },
  ]),
  // A first run dies after staging; an order of it loses its payment before the next first run.
  [
    { do: "create", event: 0, kopecks: [100], quantity: 1, paid: true, utm: 0 },
    { do: "wait", seconds: 60 },
    { ...undisturbed, crash: { statement: 6, when: "after", then: "death" } },
    { do: "wait", seconds: 60 },
    { do: "cancel", order: 0, payment: "lost" },
    { do: "wait", seconds: 60 },
  ],
  // The same after a run by hand, which leaves no watermark.
  [
    { do: "create", event: 0, kopecks: [100], quantity: 1, paid: true, utm: 0 },
    { do: "wait", seconds: 60 },
    { ...undisturbed, mode: "lastDays" },
    { do: "cancel", order: 0, payment: "lost" },
  ],
  // A ticket leaves its order in the second in which the order was read, without a trace.
  [
    { do: "create", event: 0, kopecks: [100, 200], quantity: 1, paid: true, utm: 0 },
    { do: "wait", seconds: 1 },
    { do: "edit", order: 0, ticket: 0, kopecks: 300 },
    undisturbed,
    { do: "removeTicket", order: 0, ticket: 1, how: "gone" },
  ],
  [
    { do: "create", event: 0, kopecks: [100], quantity: 1, paid: true, utm: 0 },
    { do: "wait", seconds: 60 },
    undisturbed,
    { do: "cancel", order: 0, payment: "lost" },
    { do: "restore", order: 0 },
    { do: "wait", seconds: 1 },
    undisturbed,
    { do: "wait", seconds: 1 },
  ],
];
