import type { ErrandContext } from "../../pipeline/program";
import { askAll, judgeAll, Seen, type Probe, type ProbePart } from "../../pipeline/probe";
import { readFault } from "../api";
import { qticketsHttp } from "../http";
import type { Settings } from "../settings";
import { qtickets } from "../source";
import { CALLS, type Call } from "./call-names";
import { callsOver } from "./calls";
import { fixtureOf } from "./fixture";
import { QUESTIONS } from "./questions";

/** The probe of Qtickets with these settings. */
export function qticketsProbe(settings: Settings): Probe {
  const { QTICKETS_RATE_PER_SECOND: rate } = settings;
  return {
    job: qtickets.job,
    title: qtickets.title,
    planned: CALLS.length,
    pace: rate === 0 ? "one after another" : `one after another, ${rate} a second at most`,
    run: async (context) => [await askQtickets(context, settings)],
  };
}

async function askQtickets(context: ErrandContext, settings: Settings): Promise<ProbePart> {
  const seen = new Seen<Call>();
  const http = qticketsHttp(context, settings, {
    onAnswer: (headers, status) => {
      seen.noteAnswer(headers, status);
      return 0;
    },
    readFault: (body, status) => {
      seen.noteBody(body);
      return readFault(body, status);
    },
  });
  try {
    const now = context.clock.now();
    const calls = callsOver(http, now);
    const failure = await askAll(calls, seen, context.log);
    return {
      name: qtickets.title,
      answers: judgeAll(calls, QUESTIONS, seen),
      sent: http.requests,
      fixture: fixtureOf(seen, now),
      ...(failure === undefined ? {} : { failure }),
    };
  } finally {
    await http.close();
  }
}
