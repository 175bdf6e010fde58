import { z } from "zod";
import type { Clock } from "../loaders/core/clock";
import type { Log } from "../loaders/core/log";
import { backoff, type RetryTable } from "../loaders/core/retry";
import { SendFailure, type Send } from "./channels/send";
import type { Message } from "./messages";

const letter = z.object({
  channel: z.string(),
  message: z.object({
    id: z.string(),
    subject: z.string(),
    text: z.string(),
    fields: z.record(z.string(), z.string()),
  }),
  /** How often it has failed. */
  failures: z.number(),
  /** When it is tried next, in milliseconds since 1970 UTC. */
  nextTry: z.number(),
});

/** What is still to be sent, and how often each channel has failed since it last worked. */
export const outbox = z.object({
  letters: z.array(letter),
  failing: z.record(z.string(), z.object({ failures: z.number(), reason: z.string() })),
});
export type Outbox = z.infer<typeof outbox>;

export const EMPTY_OUTBOX: Outbox = { letters: [], failing: {} };

/** A message that does not get through is given up after about four hours. */
export const LETTER_RETRY: RetryTable = {
  attempts: 12,
  firstWait: 30_000,
  factor: 2,
  longestWait: 1_800_000,
  jitter: 0.2,
};

/** Letters that wait for one channel; of more, the oldest are given up. */
const MOST_LETTERS = 200;

/** Puts a message into the outbox once for each channel. */
export function post(
  box: Outbox,
  messages: readonly Message[],
  channels: Iterable<string>,
  now: number,
): Outbox {
  const added = [...channels].flatMap((channel) =>
    messages.map((message) => ({ channel, message, failures: 0, nextTry: now })),
  );
  return { ...box, letters: [...box.letters, ...added] };
}

export interface Delivery {
  channels: ReadonlyMap<string, Send>;
  clock: Clock;
  log: Log;
  /** Told after each try: what is left to be sent must outlive this process. */
  onChange: (box: Outbox) => void;
}

/**
 * Sends what is due: channels at the same time, the letters of one in their order, so that no recovery comes before its alert.
 * A channel that fails is left until its first letter is due again.
 */
export async function deliver(box: Outbox, { channels, clock, log, onChange }: Delivery): Promise<Outbox> {
  let state = withinLimits(box, channels, log);
  const change = (next: Outbox): void => onChange((state = next));
  if (state.letters.length !== box.letters.length) change(state);

  const deliverTo = async (channel: string, send: Send): Promise<void> => {
    for (;;) {
      const first = state.letters.find((one) => one.channel === channel);
      if (first === undefined || first.nextTry > clock.now()) return;
      const others = () => state.letters.filter((one) => one !== first);
      try {
        await send(first.message);
        const { [channel]: _, ...failing } = state.failing;
        change({ letters: others(), failing });
        log.info(`Sent by ${channel}: ${first.message.subject}`);
      } catch (error) {
        const reason = error instanceof SendFailure ? error.message : "an unexpected failure";
        const failures = first.failures + 1;
        const failing = {
          ...state.failing,
          [channel]: { failures: (state.failing[channel]?.failures ?? 0) + 1, reason },
        };
        if (failures >= LETTER_RETRY.attempts) {
          log.error(`Given up after ${failures} tries by ${channel} (${reason}): ${first.message.subject}`);
          change({ letters: others(), failing });
          continue;
        }
        const wait = backoff(LETTER_RETRY, failures, clock.random());
        const again = { ...first, failures, nextTry: clock.now() + wait };
        log.warning(`Not sent by ${channel} (${reason}), next try in ${Math.round(wait / 1000)} s`);
        change({ letters: state.letters.map((one) => (one === first ? again : one)), failing });
        return;
      }
    }
  };
  await Promise.all([...channels].map(([channel, send]) => deliverTo(channel, send)));
  return state;
}

/** Without letters of channels that are not there any more, and not without end. */
function withinLimits(box: Outbox, channels: ReadonlyMap<string, Send>, log: Log): Outbox {
  const kept = [...channels.keys()].flatMap((channel) =>
    box.letters.filter((one) => one.channel === channel).slice(-MOST_LETTERS),
  );
  const lost = box.letters.length - kept.length;
  if (lost > 0) log.warning(`${lost} messages are given up: their channel is gone, or too many wait for it`);
  const failing = Object.fromEntries(Object.entries(box.failing).filter(([name]) => channels.has(name)));
  return { letters: lost > 0 ? kept : box.letters, failing };
}
