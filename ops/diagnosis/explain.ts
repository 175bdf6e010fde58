import { sourceOf } from "../../loaders/sources";
import type { AccessState } from "../../warehouse/access/state";
import { declaration, readDifferences } from "../../warehouse/access/read";
import { users } from "../../warehouse/catalogue";
import type { Warehouse } from "../../warehouse/client";
import { Journal } from "../../warehouse/schema/journal";
import { readPlan, type Plan } from "../../warehouse/schema/plan";
import { stateOf } from "../container";
import { loadCommand } from "../source";
import { CAUSES, type Cause, type Facts } from "./causes";
import type { Scene } from "./read";
import type { Trouble } from "./trouble";

/** One cause, with what it did. */
export interface Finding {
  cause: string;
  /** What is wrong and what to do, without its full stop. */
  sentence: string;
  /** What to type. */
  command: string;
  /** How often it was seen, and when last, in Moscow time; empty: it is so now. */
  times: number;
  at: string;
  object: string | null;
  /** The failed statement without its values. */
  statement: string | null;
  said: string;
}

/** How the server differs from `sql/`. */
export interface Drift {
  plan: Plan;
  access: { texts: string[]; declared: AccessState };
}

/** MiB of a server whose limit Docker does not tell: the default of `zakaz:memory`. */
const USUAL_MEMORY = 4096;

/** Reads how the server differs from what is declared; changes nothing. */
export async function readDrift(warehouse: Warehouse, { stack }: Scene): Promise<Drift> {
  const [plan, { declared, differences }] = await Promise.all([
    readPlan(warehouse, new Journal(warehouse)),
    readDifferences(warehouse, declaration(stack.accessTarget.logins)),
  ]);
  return { plan, access: { declared, texts: differences.map(({ text }) => text) } };
}

/**
 * Says what troubles mean, one finding per sentence, in the order of the causes.
 * @param drift undefined: the server does not tell
 * @returns the findings, and what is no fault: statements that somebody must not run or has mistyped
 */
export function explain(
  scene: Scene,
  troubles: readonly Trouble[],
  drift?: Drift,
): { findings: Finding[]; normal: Trouble[] } {
  const found = new Map<string, Finding & { rank: number }>();
  const normal: Trouble[] = [];
  for (const trouble of troubles) {
    const { cause, facts } = causeOf(scene, trouble, drift) ?? {};
    if (cause === undefined || facts === undefined) {
      normal.push(trouble);
      continue;
    }
    const command = cause.type(facts);
    const sentence = `${cause.what(facts)}; ${command} ${cause.effect}`;
    const times = (found.get(sentence)?.times ?? 0) + 1;
    const { object = null, statement = null, said, at } = trouble;
    found.set(sentence, {
      ...{ cause: cause.name, sentence, command, times, at, object, statement, said },
      rank: CAUSES.indexOf(cause),
    });
  }
  const findings = [...found.values()]
    .sort((a, b) => a.rank - b.rank)
    .map(({ rank: _, ...finding }) => finding);
  return { findings, normal };
}

function causeOf(
  { stack, container, sandbox }: Scene,
  trouble: Trouble,
  drift: Drift | undefined,
): { cause: Cause; facts: Facts } | undefined {
  const source = sourceOf(trouble.who);
  const target = stack.loaderTargets[trouble.who];
  const facts: Facts = {
    ...trouble,
    ...(source === undefined ? {} : { source }),
    again: source === undefined ? "npx zakaz status" : loadCommand(source),
    quarantine: `docker run --rm --entrypoint cat -v ${target?.volumes[0]} ${target?.image} /var/lib/zakaz/quarantine/${trouble.who}.jsonl`,
    container: stack.container,
    memory: container.memory || USUAL_MEMORY,
    sandbox: stack.sandboxContainer ?? "",
    network: stack.network,
    image: stack.loaderImage,
  };
  for (const cause of CAUSES) {
    const schema = cause.schema && schemaDifference(cause.schema, trouble, drift);
    const access = cause.access && accessDifference(cause.access, trouble, drift);
    if (cause.schema !== undefined && schema === undefined) continue;
    if (cause.access !== undefined && access === undefined) continue;
    const signs = new Set([
      ...trouble.signs,
      ...(sandbox === undefined ? [] : [`sandbox ${stateOf(sandbox)}`]),
      ...(isBehind(drift) ? ["schema behind"] : []),
      ...(schema?.fix === "in place" ? ["fixed in place"] : []),
    ]);
    const fits = cause.signs.some((wanted) =>
      typeof wanted === "string" ? signs.has(wanted) : [...signs].some((sign) => wanted.test(sign)),
    );
    if (!fits || !(cause.with ?? []).every((sign) => signs.has(sign))) continue;
    return {
      cause,
      facts: {
        ...facts,
        ...(schema === undefined ? {} : { schema }),
        ...(access === undefined ? {} : { access }),
      },
    };
  }
  return undefined;
}

/** True when `sql/` has what was never applied to the server, and not just what somebody has changed on it. */
function isBehind(drift: Drift | undefined): boolean {
  if (drift === undefined) return false;
  const { pending, revision, changes } = drift.plan;
  return pending.length > 0 || (revision.number === 0 && changes.length > 0);
}

/** The difference of this kind in the column or object that was hit; in any, where neither is known or it is a view. */
function schemaDifference(
  aspect: RegExp,
  { object, column }: Trouble,
  drift: Drift | undefined,
): Plan["differences"][number] | undefined {
  const alike =
    drift?.plan.differences.filter((one) => aspect.test(one.aspect) && one.fix !== "left alone") ?? [];
  const own = alike.filter((one) => one.object === object);
  return (
    own.find(
      (one) => one.aspect.startsWith(`column ${column} `) || one.aspect.startsWith(`column ${column}:`),
    ) ??
    own[0] ??
    (object === undefined || /\.v_/.test(object) ? alike[0] : undefined)
  );
}

/** A difference of this kind in what belongs to the user, or to whom views read as; about the object that was hit, if it names one. */
function accessDifference(words: RegExp, trouble: Trouble, drift: Drift | undefined): string | undefined {
  if (drift === undefined || trouble.user === undefined) return undefined;
  const { texts, declared } = drift.access;
  const names = [...belongingsOf(trouble.user, declared), users.definer];
  return texts.find((text) => {
    if (!words.test(text) || !names.some((name) => new RegExp(`(?<![\\w.])${name}(?!\\w)`).test(text)))
      return false;
    const named = / ON (\w+\.\w+)/.exec(text)?.[1];
    return (
      named === undefined ||
      trouble.object === undefined ||
      named === trouble.object ||
      /\.v_/.test(trouble.object)
    );
  });
}

/** A user with its roles, profiles and quotas. */
function belongingsOf(user: string, declared: AccessState): string[] {
  const state = declared.users[user];
  const quotas = Object.entries(declared.quotas).filter(([, { to }]) => to.all !== to.names.includes(user));
  return [
    user,
    ...(state?.roles.map(({ role }) => role) ?? []),
    ...(state?.settings.profiles ?? []),
    ...quotas.map(([name]) => name),
  ];
}
