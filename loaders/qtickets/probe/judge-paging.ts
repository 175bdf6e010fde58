import { Unknown, type Seen, type Verdict } from "../../pipeline/probe";
import { isReached, isTokenTaken } from "../../pipeline/probe-judge";
import { pageOf, type SeenPage } from "./answers";
import type { Call } from "./call-names";
import { LARGEST } from "./calls";

type Judge = (seen: Seen<Call>) => Verdict;

export const answers: Judge = (seen) => isReached(seen, "plain");
export const token: Judge = (seen) =>
  isTokenTaken(seen, "plain", ({ status }) => status === 401 || status === 403);

export const frame: Judge = (seen) => {
  // An answer there must be; how it looks is the question.
  seen.body("plain");
  try {
    const { rows, perPage, total } = pageOf(seen, "plain");
    return { answer: "yes", evidence: `perPage ${perPage}, ${rows.length} rows of ${total}` };
  } catch (error) {
    if (error instanceof Unknown) return { answer: "no", evidence: error.message };
    throw error;
  }
};

export const wrongToken: Judge = (seen) => {
  const failed = seen.failure("wrongToken");
  if (failed === undefined) return { answer: "no", evidence: "HTTP 200" };
  return { answer: failed.status === 403 ? "yes" : "no", evidence: failed.facts };
};

/** Any effect of what stands in the body alone. */
export const body: Judge = (seen) => {
  const plain = pageOf(seen, "plain");
  const newest = pageOf(seen, "newest");
  const effects = [
    newest.total < plain.total ? "filter" : "",
    newest.perPage !== plain.perPage ? "page size" : "",
    newest.ids[0] !== plain.ids[0] ? "order" : "",
    currentPageOf(seen) === 2 ? "page number" : "",
  ].filter((effect) => effect !== "");
  if (effects.length > 0) return { answer: "yes", evidence: `has an effect: ${effects.join(", ")}` };
  if (plain.total < 2) throw new Unknown(`${plain.total} orders show no effect`);
  return { answer: "no", evidence: `neither filter, page size, order nor page number has an effect` };
};

function currentPageOf(seen: Seen<Call>): number | undefined {
  try {
    return pageOf(seen, "second").currentPage;
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

const isSorted = (ids: readonly bigint[], isBefore: (a: bigint, b: bigint) => boolean): boolean =>
  ids.every((id, index) => index === 0 || isBefore(ids[index - 1] as bigint, id));

function sorted(page: SeenPage, isBefore: (a: bigint, b: bigint) => boolean): Verdict {
  const { ids } = page;
  if (ids.length < 2) throw new Unknown(`${ids.length} rows with an id`);
  const isRight = isSorted(ids, isBefore);
  return {
    answer: isRight ? "yes" : "no",
    evidence: `${ids.length} rows${isRight ? "" : ", in another order"}`,
  };
}

export const descending: Judge = (seen) => sorted(pageOf(seen, "newest"), (a, b) => a > b);
export const ascending: Judge = (seen) => sorted(pageOf(seen, "aboveId"), (a, b) => a < b);

export const number: Judge = (seen) => {
  const first = new Set(pageOf(seen, "newest").ids);
  const { ids, rows, currentPage } = pageOf(seen, "second");
  if (rows.length > 0 && ids.length === 0) throw new Unknown("the rows have no ids");
  const again = ids.filter((id) => first.has(id)).length;
  const isRight = currentPage === 2 && again === 0 && ids.length > 0;
  return {
    answer: isRight ? "yes" : "no",
    evidence: `currentPage ${currentPage}, ${ids.length} rows, ${again} of them on page 1 too`,
  };
};

export const behind: Judge = (seen) => {
  const { rows, currentPage } = pageOf(seen, "behind");
  return {
    answer: rows.length === 0 ? "yes" : "no",
    evidence: `currentPage ${currentPage}, ${rows.length} rows`,
  };
};

/** Whether a page has as many rows as were asked for, or all there are. */
export function size(seen: Seen<Call>, name: Call, asked: number): Verdict {
  const { perPage, rows, total } = pageOf(seen, name);
  const evidence = `${asked} asked, perPage ${perPage}, ${rows.length} rows of ${total}`;
  const isRight = perPage === asked && rows.length === Math.min(asked, total);
  if (isRight && total < asked) throw new Unknown(evidence);
  return { answer: isRight ? "yes" : "no", evidence };
}

export const limit: Judge = (seen) => {
  const { perPage } = pageOf(seen, "largest");
  return {
    answer: perPage < LARGEST ? "yes" : "no",
    evidence: `${LARGEST} asked, perPage ${perPage}, of an empty answer`,
  };
};
