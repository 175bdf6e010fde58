import * as pulumi from "@pulumi/pulumi";
import { nextState, STATE_VARIABLE, type Drift } from "../warehouse/drift";
import type { ClickHouse } from "./clickhouse";

/** The live state of one subject, as an input and the options of the resource that applies it. */
export interface LiveState {
  /** `<number>: <name>` of what the warehouse will be at after the apply. */
  state: pulumi.Output<string>;
  /** To be spread into the resource's options. */
  options: Pick<pulumi.CustomResourceOptions, "transforms">;
}

/** Servers of which it has been said that they do not answer: once is enough. */
const warned = new WeakSet<ClickHouse>();

/** How long an update waits for a server that is just starting; a preview does not wait. */
const START_SECONDS = 30;

/**
 * Makes drift visible: reads the live server (read-only) in every preview and update, and gives the resource that applies
 * the subject an input that changes when something differs from the files:
 *
 *     const live = liveState(schemaDrift, args.clickhouse.target, args.clickhouse, this);
 *     new local.Command(`${name}-apply`, {
 *       create: "node ops/zakaz.cjs schema apply --target -",
 *       environment: { [STATE_VARIABLE]: live.state, … },
 *     }, { parent: this, ...live.options });
 *
 * The apply must journal its change under `changeName(differences)` (warehouse/drift.ts), so that the preview after it reads the
 * value that the update has left. A new server is not asked, as its container's id is not known in a preview.
 * A server that does not answer: one line says so, and the input stays as it is. A difference that an apply must not fix
 * by itself fails preview and update alike, with one sentence, and the resource is left as it is.
 * @param read reads the subject's state; it gets the seconds for which the server may stay silent
 * @param target what `read` works on; secret
 */
export function liveState<Target>(
  read: (target: Target, waitSeconds: number) => Promise<Drift>,
  target: pulumi.Output<Target>,
  clickhouse: ClickHouse,
  parent: pulumi.Resource,
): LiveState {
  const waitSeconds = pulumi.runtime.isDryRun() ? 0 : START_SECONDS;
  // Inputs of the apply that are not to change: what cannot be known, or must not be done.
  let frozen: string[] = [];
  // With the container's id: a server that is not there yet cannot be asked.
  const asked = pulumi.all([target, clickhouse.containerId]);
  // What is read holds nothing of the secret target.
  const state = pulumi.unsecret(asked).apply(async ([known]) => {
    const live = await read(known as Target, waitSeconds);
    for (const note of live.notes) void pulumi.log.warn(note, parent);
    if (live.refused.length > 0) {
      frozen = ["environment"];
      fail(live.refused.join("\n"));
    }
    if (!live.answered) {
      frozen = [`environment.${STATE_VARIABLE}`];
      warnUnanswered(clickhouse);
    }
    return nextState(live);
  });
  return {
    state,
    options: {
      transforms: [
        // Called when all inputs have been resolved, so by now the answer is known.
        ({ props, opts }) =>
          frozen.length === 0 ? undefined : { props, opts: { ...opts, ignoreChanges: frozen } },
      ],
    },
  };
}

/**
 * Makes the run fail with a message and nothing else. Thrown from within an input, the error would be wrapped and shown
 * with a stack trace; logged alone, it would not make the run fail.
 */
function fail(message: string): void {
  const error = new pulumi.RunError(message);
  // Once the program's own code is done, Pulumi shows the stack of any error that has one.
  delete error.stack;
  void Promise.reject(error);
}

function warnUnanswered(clickhouse: ClickHouse): void {
  if (warned.has(clickhouse)) return;
  warned.add(clickhouse);
  void pulumi.log.warn(
    "ClickHouse does not answer, so whether its schema and access have drifted is not known",
    clickhouse,
  );
}
