import { z } from "zod";
import { parseSpan, parseTimetable, shortestGap } from "../schedule/timetable";

/** Text that a function can read; what it throws is what is wrong. */
const readableBy = (read: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      read(text);
    } catch (error) {
      // Nothing more can be said of the whole.
      context.addIssue({ code: "custom", message: (error as Error).message, continue: false });
    }
  });

/** When a job loads by itself. */
export const jobSchedule = z
  .strictObject({
    at: readableBy(parseTimetable),
    jitter: readableBy(parseSpan).default("60s"),
    timeout: readableBy(parseSpan).default("1h"),
  })
  .superRefine(({ at, jitter }, context) => {
    const gap = shortestGap(parseTimetable(at));
    if (parseSpan(jitter) < gap) return;
    const message = `is ${jitter}, and must be less than the ${gap / 1000} s between two loads`;
    context.addIssue({ code: "custom", message, path: ["jitter"] });
  });

export type JobSchedule = z.output<typeof jobSchedule>;
