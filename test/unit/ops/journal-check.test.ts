import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeJournal, type JournalState, type Run } from "../../../ops/journal-check";

/** How a smoke judges the journal. Not proved here: what it reads (test/integration/ops/smoke.test.ts). */
const DRY: Run = { job: "qtickets_api", runId: "dry" };
const runOf = (job: string, runId: string): Run => ({ job, runId });
const state = (recent: Run[], leased: Run[] = []): JournalState => ({ total: recent.length, recent, leased });

describe("judgeJournal", () => {
  const old = [runOf("qtickets_api", "a"), runOf("plan", "b")];

  it("passes where nothing came, whatever was there", () => {
    expect(judgeJournal(DRY, state(old), state(old), [])).toEqual({ others: [] });
    // Yesterday's rows leave the window meanwhile.
    expect(judgeJournal(DRY, state(old), state([]), [])).toEqual({ others: [] });
  });

  it("fails for a row of the dry run, even if it held a lease", () => {
    const after = state([...old, DRY], [DRY]);
    expect(judgeJournal(DRY, state(old), after, [DRY]).fault).toBe(
      "The dry run dry wrote a row into meta_job_runs: it was none",
    );
    // … and under the name of another job.
    expect(judgeJournal(DRY, state(old), state([...old, runOf("plan", "dry")]), []).fault).toContain(
      "dry run dry",
    );
  });

  it.each([
    ["before", state(old, [runOf("vk_ads", "c")]), [], []],
    ["meanwhile", state(old), [runOf("vk_ads", "c")], []],
    ["afterwards", state(old), [], [runOf("vk_ads", "c")]],
  ])("knows a run whose lease was seen %s", (_, before, seen, leased) => {
    const fresh = runOf("vk_ads", "c");
    expect(judgeJournal(DRY, before, state([...old, fresh], leased), seen)).toEqual({ others: [fresh] });
  });

  it("fails for a row of nobody, and of a run that held another job's lease", () => {
    const after = (leased: Run[]) => state([...old, runOf("vk_ads", "c")], leased);
    const fault =
      "meta_job_runs has got a row of job vk_ads, run c, which no run accounts for: no lease names it";
    expect(judgeJournal(DRY, state(old), after([]), []).fault).toBe(fault);
    expect(judgeJournal(DRY, state(old), after([runOf("plan", "c")]), []).fault).toBe(fault);
  });

  it("passes exactly where each new run is another's and has a lease", () => {
    const runs = fc.uniqueArray(
      fc.record({
        job: fc.constantFrom("qtickets_api", "plan"),
        runId: fc.constantFrom("dry", "a", "b", "c"),
      }),
      { selector: ({ runId }) => runId },
    );
    fc.assert(
      fc.property(runs, runs, runs, runs, (before, after, held, seen) => {
        const { fault, others } = judgeJournal(DRY, state(before, held), state(after), seen);
        const ids = (list: Run[]) => list.map(({ job, runId }) => `${job} ${runId}`);
        const fresh = ids(after).filter((id) => !ids(before).includes(id));
        const good = fresh.every((id) => !id.endsWith(" dry") && [...ids(held), ...ids(seen)].includes(id));
        expect(fault === undefined).toBe(good);
        expect(ids(others)).toEqual(good ? fresh : []);
      }),
    );
  });
});
