import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listByNumber } from "../../../loaders/qtickets/list-by-number";

/** What happens to the listing; every step is an answer of the server or a change of its rows. */
type Step = { answer: number } | { insert: number } | { remove: number };

interface Body {
  page: number;
}

/**
 * A listing whose answers are made and delivered when the test says so: `answer: n` delivers the n-th of the waiting
 * requests as the rows are at that moment. At the end of the script everything is delivered in the order asked.
 */
class SlowListing {
  readonly asked: number[] = [];
  greatestUnderWay = 0;
  private readonly waiting: { page: number; deliver: (answer: unknown) => void }[] = [];

  constructor(
    readonly ids: number[],
    private readonly perPage: number,
    private readonly script: Step[],
    private readonly repeat: number,
  ) {}

  get(_path: string, body: unknown): Promise<unknown> {
    const { page } = body as Body;
    this.asked.push(page);
    return new Promise((deliver) => {
      this.waiting.push({ page, deliver });
      this.greatestUnderWay = Math.max(this.greatestUnderWay, this.waiting.length);
      // After all requests of this moment have been made.
      setImmediate(() => this.play());
    });
  }

  private play(): void {
    while (this.waiting.length > 0) {
      const step = this.script.shift() ?? { answer: 0 };
      if ("insert" in step) {
        if (!this.ids.includes(step.insert)) this.ids.push(step.insert);
        this.ids.sort((a, b) => a - b);
      } else if ("remove" in step) {
        this.ids.splice(step.remove % Math.max(1, this.ids.length), 1);
      } else {
        const [next] = this.waiting.splice(step.answer % this.waiting.length, 1);
        next?.deliver(this.envelope(next.page));
        return;
      }
    }
  }

  private envelope(page: number): unknown {
    const from = (page - 1) * this.perPage;
    const data = this.ids.slice(from, from + this.perPage).map((id) => ({ id }));
    // Duplicates within a page and across pages: the first row of the page once more, several times.
    const again = data.slice(0, 1).flatMap((row) => Array<{ id: number }>(this.repeat).fill(row));
    return {
      data: [...data, ...again],
      paging: { perPage: this.perPage, currentPage: page, total: this.ids.length },
    };
  }
}

const idsOf = (rows: unknown[]) => (rows as { id: number }[]).map(({ id }) => id);

async function readAll(listing: SlowListing, concurrency: number): Promise<number[][]> {
  const pages: number[][] = [];
  for await (const page of listByNumber(listing, "/orders", { pageSize: 3 }, idsOf, concurrency)) {
    if (page.incomplete !== undefined) throw new Error(page.incomplete);
    pages.push(page.content);
  }
  return pages;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const answers = fc.array(fc.record({ answer: fc.nat(9) }), { maxLength: 60 });
const sizes = {
  count: fc.nat(60),
  perPage: fc.integer({ min: 1, max: 7 }),
  concurrency: fc.integer({ min: 1, max: 6 }),
};

describe("several pages at once", () => {
  test("any order of arrival: every row once, in order, one request per page (and one behind a full last one), never too many at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ ...sizes, script: answers }),
        async ({ count, perPage, concurrency, script }) => {
          const listing = new SlowListing(upTo(count), perPage, script, 0);
          expect((await readAll(listing, concurrency)).flat()).toEqual(upTo(count));
          expect(listing.asked).toEqual(upTo(Math.floor(count / perPage) + 1));
          expect(listing.greatestUnderWay).toBeLessThanOrEqual(concurrency === 1 ? 1 : 2 * concurrency);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("duplicates within pages change nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ ...sizes, script: answers, repeat: fc.nat(3) }),
        async ({ count, perPage, concurrency, script, repeat }) => {
          const listing = new SlowListing(upTo(count), perPage, script, repeat);
          expect(new Set((await readAll(listing, concurrency)).flat())).toEqual(new Set(upTo(count)));
        },
      ),
    );
  });

  const outcome = async (listing: SlowListing, concurrency: number): Promise<Set<number> | string> => {
    try {
      return new Set((await readAll(listing, concurrency)).flat());
    } catch (error) {
      return (error as Error).message;
    }
  };
  const CLEAR =
    /came or went each of the 3 times \/orders was read|says it has \d+ rows and gave \d+, 3 times over/;

  test("rows that are added meanwhile, anywhere: all rows are read, or the end is a clear error", async () => {
    const added = fc.record({ insert: fc.integer({ min: -20, max: 200 }) });
    const script = fc.array(fc.oneof({ weight: 4, arbitrary: fc.record({ answer: fc.nat(9) }) }, added), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.record({ ...sizes, script }),
        async ({ count, perPage, concurrency, script: steps }) => {
          const listing = new SlowListing(upTo(count), perPage, steps, 0);
          const seen = await outcome(listing, concurrency);
          if (typeof seen === "string") expect(seen).toMatch(CLEAR);
          // What was added after the last answer cannot have been seen: nothing of the beginning may be missing.
          else expect(upTo(count).filter((id) => !seen.has(id))).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  test("rows that leave meanwhile never make another one slip past", async () => {
    const removed = fc.record({ remove: fc.nat(200) });
    const script = fc.array(fc.oneof({ weight: 4, arbitrary: fc.record({ answer: fc.nat(9) }) }, removed), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.record({ ...sizes, script }),
        async ({ count, perPage, concurrency, script: steps }) => {
          const listing = new SlowListing(upTo(count), perPage, steps, 0);
          const seen = await outcome(listing, concurrency);
          if (typeof seen === "string") expect(seen).toMatch(CLEAR);
          else expect(listing.ids.filter((id) => !seen.has(id))).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe("bounded, whatever the server says", () => {
  /** Answers at once from `page`, and counts. */
  const instant = (page: (number: number) => unknown) => {
    const asked: number[] = [];
    const get = (_path: string, body: unknown) => {
      asked.push((body as Body).page);
      return Promise.resolve(page((body as Body).page));
    };
    return { asked, get };
  };
  const consume = async (client: ReturnType<typeof instant>, concurrency: number) => {
    for await (const page of listByNumber(client, "/orders", { pageSize: 2 }, idsOf, concurrency)) void page;
  };

  test("a page repeated for ever ends at its second appearance, with the few requests that were under way", async () => {
    const client = instant((page) => ({
      data: [{ id: 1 }, { id: 2 }],
      paging: { perPage: 2, currentPage: page, total: 1_000_000 },
    }));
    await expect(consume(client, 4)).rejects.toThrow("page 2 with rows it had already sent");
    expect(client.asked.length).toBeLessThanOrEqual(1 + 8);
  });

  test("a total that lies ends at the first empty page, three times over", async () => {
    const client = instant((page) => ({
      data: page <= 3 ? [{ id: 2 * page }, { id: 2 * page + 1 }] : [],
      paging: { perPage: 2, currentPage: page, total: 1_000_000 },
    }));
    await expect(consume(client, 4)).rejects.toThrow("says it has 1000000 rows and gave 6, 3 times over");
    expect(client.asked.length).toBeLessThanOrEqual(3 * (4 + 8));
  });

  test("an empty last page is no error when every row was seen", async () => {
    const client = instant((page) => ({
      data: page === 1 ? [{ id: 1 }, { id: 2 }] : [],
      paging: { perPage: 1, currentPage: page, total: 2 },
    }));
    await consume(client, 4);
    expect(client.asked).toEqual([1, 2, 3]);
  });

  test("large pages are not read far ahead", async () => {
    let underWay = 0;
    let greatest = 0;
    const get = async (_path: string, body: unknown) => {
      greatest = Math.max(greatest, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      const { page } = body as Body;
      const data = Array.from({ length: page > 10 ? 0 : 2500 }, (_, index) => ({ id: page * 2500 + index }));
      return { data, paging: { perPage: 2500, currentPage: page, total: 25_000 } };
    };
    for await (const page of listByNumber({ get }, "/orders", { pageSize: 2500 }, idsOf, 16)) void page;
    expect(greatest).toBe(2);
  });

  test("the failure of a page that is not needed any more is nobody's failure", async () => {
    const get = (_path: string, body: unknown) => {
      const { page } = body as Body;
      if (page > 2) return Promise.reject(new Error("no such page"));
      const data = page === 1 ? [{ id: 1 }, { id: 2 }] : [{ id: 3 }];
      // The rest has gone since page 1 was read.
      return Promise.resolve({ data, paging: { perPage: 2, currentPage: page, total: page === 1 ? 9 : 3 } });
    };
    const said: (string | undefined)[] = [];
    for await (const page of listByNumber({ get }, "/orders", { pageSize: 2 }, idsOf, 4)) {
      said.push(page.incomplete);
    }
    expect(said).toEqual([
      ...Array<undefined>(6).fill(undefined),
      "rows came or went each of the 3 times /orders was read by page number, so some may be missing; " +
        "the next run reads them again",
    ]);
  });
});
