import { users } from "../../warehouse/catalogue";
import type { Warehouse } from "../../warehouse/client";
import { StatementFailure, Unreachable } from "../../warehouse/failure";
import { AUTHENTICATION_FAILED } from "../../warehouse/login";
import { declaredObjects } from "../../warehouse/schema/objects";
import type { Container } from "../container";
import type { StackOutputs } from "../stack";
import { readLogins, tryLogins } from "./logins";
import { readPresent } from "./present";
import { readRuns } from "./runs";
import { signsOfRefusal } from "./signs";
import { isOfRun, readFailures, troubleOf, withoutValues } from "./statements";
import type { Trouble } from "./trouble";

/** What is looked at. */
export interface Scene {
  stack: StackOutputs;
  container: Container;
  /** That of the sandbox, where data come from there. */
  sandbox?: Container | undefined;
  /** How far back. */
  minutes: number;
}

/**
 * Everything that went wrong and was not followed by a success: what is so now, logins, runs of loaders, statements of readers.
 * Changes nothing.
 */
export async function readTroubles(warehouse: Warehouse, scene: Scene): Promise<Trouble[]> {
  const { container, stack, minutes } = scene;
  const seen = containerTroubles(container);
  if (container.status !== "running" && container.status !== "unknown") return seen;
  try {
    const present = await readPresent(warehouse);
    const { refused, troubles } = await tryLogins(warehouse, stack);
    // On a full disk the newest rows of the logs stay in memory; what is so now tells enough then.
    await warehouse.command("SYSTEM FLUSH LOGS").catch(ignoreRefusal);
    const people = stack.accessTarget.logins.map(({ user }) => user);
    const objects = declaredObjects();
    const failures = await readFailures(warehouse, { minutes, users: people });
    const past = [
      ...(await readLogins(warehouse, { minutes, users: people, refused })),
      ...(await readRuns(warehouse, { minutes, failures: failures.filter(isOfRun), objects })),
      ...failures.filter((failure) => !isOfRun(failure)).map((failure) => troubleOf(failure, objects)),
    ];
    // What a run has met already is told of the run.
    const untold = troubles.filter(
      ({ user, signs }) => !past.some((one) => one.user === user && one.signs.includes(signs[0]!)),
    );
    return [...seen, ...present, ...untold, ...past];
  } catch (error) {
    if (error instanceof Unreachable) return [silent(container, error.reason)];
    if (!(error instanceof StatementFailure)) throw error;
    return [...seen, ofDiagnose(error)];
  }
}

/** What Docker shows of a server in trouble. */
export function containerTroubles({ status, health, outOfMemory, exitCode }: Container): Trouble[] {
  if (status === "running" && health === "unhealthy")
    return [{ signs: ["container unhealthy"], who: "", said: "", at: "" }];
  if (status === "running" || status === "unknown") return [];
  const signs = [`container ${status}`, ...(outOfMemory ? ["container out of memory"] : [])];
  const said = status === "absent" ? "" : `its container ended with code ${exitCode}`;
  return [{ signs, who: "", said, at: "" }];
}

function silent({ status, health, why }: Container, reason: string): Trouble {
  const state = health === "starting" ? health : status;
  const said = why === undefined ? reason : `${reason}; ${why}`;
  return { signs: ["server silent", `container ${state}`], who: "", said, at: "" };
}

/** What keeps the diagnosis itself from its answer. */
function ofDiagnose({ code, type, gist, reason }: StatementFailure): Trouble {
  const signs = code === AUTHENTICATION_FAILED ? ["admin refused"] : signsOfRefusal(code, reason);
  const said = withoutValues(`code ${code} ${type}: ${gist}`);
  return { signs: [...signs, "by diagnose"], who: users.admin, user: users.admin, said, at: "" };
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof StatementFailure)) throw error;
}
