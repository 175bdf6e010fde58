import { z } from "zod";

/** Where and when a fault strikes: the same for every kind. */
const scope = {
  /** The only vendor whose requests it strikes; left out: every vendor's. */
  vendor: z.string().optional(),
  /** The only account whose requests it strikes, where the vendor has accounts; left out: every account's. */
  account: z.string().optional(),
  /** Path below the vendor's base path; `*` stands for one segment, a lone `*` for every path. */
  route: z.string().default("*"),
  /** How many matching requests pass untouched before the fault begins. */
  skip: z.int().min(0).default(0),
  /** How many requests it strikes after that; left out: all. */
  times: z.int().min(1).optional(),
};

function kind<Name extends string>(name: Name) {
  return z.strictObject({ kind: z.literal(name), ...scope });
}

const rule = z.discriminatedUnion("kind", [
  // Waits before anything is answered.
  kind("delay").extend({ ms: z.int().min(0) }),
  // An error answer, in the API's shape for that status or as a page of HTML.
  kind("status").extend({
    status: z.int().min(400).max(599),
    body: z.enum(["json", "html"]).default("json"),
    retryAfterSeconds: z.int().min(0).optional(),
    retryAfterForm: z.enum(["seconds", "date"]).default("seconds"),
  }),
  // Resets the connection instead of answering.
  kind("drop"),
  // Announces the whole length, sends half of it and closes the connection.
  kind("truncated"),
  // Sends the body in small pieces.
  kind("drip").extend({ chunkBytes: z.int().min(1).default(64), everyMs: z.int().min(1).default(100) }),
  // A complete answer whose JSON ends in the middle.
  kind("brokenJson"),
  // 200 with an HTML page, with nothing.
  kind("html"),
  kind("empty"),
  // Sends the client to another address.
  kind("redirect").extend({ to: z.url(), status: z.int().min(301).max(308).default(302) }),
  // A compressed body, one without an announced length, one after a byte order mark, one that is not UTF-8.
  kind("gzip"),
  kind("chunked"),
  kind("bom"),
  kind("invalidUtf8"),

  // Faults of content. How they look is the vendor's affair, so its API applies them: see `VendorApi.answer`.
  // 200 with an error in the body, {"status":"error"}.
  kind("statusError"),
  // Texts where numbers belong, numbers where texts belong, in every row.
  kind("wrongTypes"),
  // Page 1 again, numbered as the page that was asked for.
  kind("repeatedPage"),
  // The right rows under another page number.
  kind("wrongCurrentPage").extend({ by: z.int().default(1) }),
  // A list without `paging`; the rows alone.
  kind("missingPaging"),
  kind("bareArray"),
  // Answers as if `where`, its conditions on `id`, `orderBy` or `perPage` had not been sent.
  kind("filtersIgnored"),
  kind("idFiltersIgnored"),
  kind("orderIgnored"),
  kind("pageSizeIgnored"),
  // A page without rows, whatever there is.
  kind("emptyPage"),
  // A `total` that is too great or too small by this much.
  kind("lyingTotal").extend({ by: z.int() }),
  // An error of the vendor's own by its code, in the vendor's own way; `status` where that is not fixed by the vendor.
  kind("apiError").extend({
    code: z.union([z.string(), z.int()]),
    status: z.int().min(400).max(599).optional(),
  }),
  // Headers that say that nothing is left of a limit.
  kind("rateLimit").extend({ limit: z.enum(["RPS", "Hourly", "Daily"]) }),
  // Every access token that has been issued so far expires before the request is answered.
  kind("expireTokens"),
  // Statistics whose totals are not the sums of their rows; statistics of an ad that no list has.
  kind("wrongTotal"),
  kind("unknownAd"),
]);

const faultRules = z.array(rule);

/** A fault with every setting filled in. */
export type Fault = z.output<typeof rule>;
/** A fault as a caller writes it: what has a default may be left out. */
export type FaultRule = z.input<typeof rule>;
export type FaultOf<Kind extends Fault["kind"]> = Extract<Fault, { kind: Kind }>;

/** Reads rules as SANDBOX_FAULTS and `PUT /__faults` carry them: the rules, or one sentence that says what is wrong. */
export function parseRules(text: string): FaultRule[] | string {
  let rules: unknown;
  try {
    rules = JSON.parse(text);
  } catch {
    return "The fault rules are not JSON";
  }
  const result = faultRules.safeParse(rules);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  return `Fault rule ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "malformed"}`;
}

/** The faults that strike one request. */
export class ActiveFaults {
  constructor(private readonly faults: readonly Fault[]) {}

  /** The fault of a kind, if one strikes. */
  find<Kind extends Fault["kind"]>(kind: Kind): FaultOf<Kind> | undefined {
    return this.faults.find((fault): fault is FaultOf<Kind> => fault.kind === kind);
  }
}

/** Faults that tests and operators switch on and off while the server runs. */
export class FaultControl {
  private entries: { fault: Fault; seen: number }[] = [];

  /**
   * Replaces all faults.
   * @throws ZodError when a rule is malformed
   */
  set(...rules: FaultRule[]): void {
    this.entries = faultRules.parse(rules).map((fault) => ({ fault, seen: 0 }));
  }

  /**
   * Adds a fault to those that are on.
   * @throws ZodError when the rule is malformed
   */
  add(newRule: FaultRule): void {
    this.entries.push({ fault: rule.parse(newRule), seen: 0 });
  }

  clear(): void {
    this.entries = [];
  }

  /** The faults that are on, worn-out ones included. */
  list(): Fault[] {
    return this.entries.map(({ fault }) => fault);
  }

  /** The faults that strike a request to this path of this vendor, for this account; counts the request. */
  strike(path: string, vendor: string, account?: string): ActiveFaults {
    const matching = this.entries.filter(
      ({ fault }) =>
        (fault.vendor === undefined || fault.vendor === vendor) &&
        (fault.account === undefined || fault.account === account) &&
        matchesRoute(fault.route, path),
    );
    return new ActiveFaults(
      matching
        .filter((entry) => {
          const turn = entry.seen++ - entry.fault.skip;
          return turn >= 0 && (entry.fault.times === undefined || turn < entry.fault.times);
        })
        .map(({ fault }) => fault),
    );
  }
}

function matchesRoute(route: string, path: string): boolean {
  if (route === "*") return true;
  const wanted = route.split("/");
  const segments = path.split("/");
  return (
    wanted.length === segments.length &&
    wanted.every((segment, index) => segment === "*" || segment === segments[index])
  );
}
