import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeJournal, type JournalRow, type JournalState, type Run } from "../../../ops/journal-check";

/** How a smoke judges the journal. Not proved here: what it reads (test/integration/ops/smoke.test.ts). */
const DRY: Run = { job: "qtickets_api", runId: "dry" };
const runOf = (job: string, runId: string): Run => ({ job, runId });
const rowOf = (job: string, runId: string, hasFailed = false): JournalRow => ({ job, runId, hasFailed });
const state = (recent: JournalRow[], leased: Run[] = []): JournalState => ({
  total: recent.length,
  recent,
  leased,
});

describe("judgeJournal", () => {
  const old = [rowOf("qtickets_api", "a"), rowOf("plan", "b")];
  const held = [runOf("qtickets_api", "a"), runOf("plan", "b")];

  it("passes where nothing came, whatever was there", () => {
    expect(judgeJournal(DRY, state(old, held), state(old, held))).toEqual({ others: [] });
    // Yesterday's rows leave the window meanwhile.
    expect(judgeJournal(DRY, state(old, held), state([], held))).toEqual({ others: [] });
  });

  it("fails for a row of the dry run, even if it held a lease, has failed, or is named another job", () => {
    const sentence = "The dry run dry wrote a row into meta_job_runs: it was none";
    for (const [row, leased] of [
      [rowOf("qtickets_api", "dry"), [DRY]],
      [rowOf("qtickets_api", "dry", true), held],
      [rowOf("plan", "dry"), held],
    ] as const) {
      expect(judgeJournal(DRY, state(old, held), state([...old, row], [...leased])).fault).toBe(sentence);
    }
  });

  it.each<[string, Run[], Run[]]>([
    ["before", [runOf("vk_ads", "c")], [runOf("vk_ads", "c")]],
    ["for the first time", [], [runOf("vk_ads", "c")]],
    ["and another after it", [runOf("vk_ads", "a")], [runOf("vk_ads", "d")]],
    ["before, and another after it", [runOf("vk_ads", "c")], [runOf("vk_ads", "d")]],
  ])("knows a run that held a lease %s", (_, before, after) => {
    expect(judgeJournal(DRY, state(old, before), state([...old, rowOf("vk_ads", "c")], after))).toEqual({
      others: [runOf("vk_ads", "c")],
    });
  });

  it("fails for a row of a job whose lease nobody has taken", () => {
    const fault =
      "meta_job_runs has got a row of job vk_ads, run c, which no run accounts for: the lease of vk_ads has had no new holder";
    const after = (leased: Run[]) => state([...old, rowOf("vk_ads", "c")], leased);
    expect(judgeJournal(DRY, state(old, held), after(held)).fault).toBe(fault);
    expect(judgeJournal(DRY, state(old, held), after([...held, runOf("plan", "c")])).fault).toBe(fault);
    const kept = [runOf("vk_ads", "a")];
    expect(judgeJournal(DRY, state(old, kept), after(kept)).fault).toBe(fault);
  });

  it("leaves a run that failed alone: it may never have had a lease", () => {
    const after = state([...old, rowOf("vk_ads", "c", true)], held);
    expect(judgeJournal(DRY, state(old, held), after)).toEqual({ others: [runOf("vk_ads", "c")] });
  });

  it("knows every run of any day on which runs take a lease before they write their row, and no other", () => {
    const jobs = ["qtickets_api", "vk_ads", "plan"];
    const day = fc.record({
      // Each begins when the last of its job has ended: takes the lease, then writes its row.
      steps: fc.array(fc.constantFrom(...jobs), { maxLength: 30 }),
      // When the four readings are made.
      looks: fc.array(fc.nat(30), { minLength: 4, maxLength: 4 }),
      stranger: fc.option(fc.constantFrom(...jobs), { nil: undefined }),
    });
    fc.assert(
      fc.property(day, ({ steps, looks, stranger }) => {
        const leased = new Map<string, string>();
        const [rows, open] = [[] as JournalRow[], new Map<string, string>()];
        const history = [{ leased: [] as Run[], rows: [] as JournalRow[] }];
        steps.forEach((job, i) => {
          const running = open.get(job);
          if (running === undefined) {
            open.set(job, `${job} ${i}`);
            leased.set(job, `${job} ${i}`);
          } else {
            rows.push(rowOf(job, running));
            open.delete(job);
          }
          history.push({ leased: [...leased].map(([one, id]) => runOf(one, id)), rows: [...rows] });
        });
        const at = looks.map((look) => Math.min(look, steps.length)).sort((a, b) => a - b);
        const [lease1, rows1, rows2, lease2] = at.map((look) => history[look]!) as [
          (typeof history)[0],
          ...(typeof history)[0][],
        ];
        const before = state(rows1!.rows, lease1.leased);
        const after = state(rows2!.rows, lease2!.leased);
        expect(judgeJournal(DRY, before, after)).toEqual({
          others: rows2!.rows.slice(rows1!.rows.length).map(({ job, runId }) => ({ job, runId })),
        });
        // A row of nobody is found where its job is idle.
        const idle = (job: string) => {
          const holder = ({ leased: runs }: JournalState) => runs.find((run) => run.job === job)?.runId;
          return holder(before) === holder(after);
        };
        if (stranger === undefined || !idle(stranger)) return;
        const planted = { ...after, recent: [...after.recent, rowOf(stranger, "stranger")] };
        expect(judgeJournal(DRY, before, planted).fault).toContain(`job ${stranger}, run stranger`);
      }),
    );
  });
});
