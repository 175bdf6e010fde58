import { backup } from "./backup";
import { channel } from "./channel";
import { disk } from "./disk";
import { failedRun } from "./failed-run";
import { missedRun } from "./missed-run";
import { quarantine } from "./quarantine";
import { reader } from "./reader";
import type { Rule } from "./rule";
import { server } from "./server";
import { sourceBehind } from "./source-behind";

/**
 * Every rule, in the order in which they are asked. A new one is a file beside these, a line here, and its limits in
 * `settings.ts`. (`blind` has no question of its own: `judge.ts` finds it where a rule's question is refused.)
 */
export const rules: readonly Rule[] = [
  server,
  failedRun,
  sourceBehind,
  missedRun,
  disk,
  quarantine,
  reader,
  backup,
  channel,
] as unknown as readonly Rule[];
