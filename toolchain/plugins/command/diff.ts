/** The difference between two sets of inputs, as the official provider reports it. */
import { isDeepStrictEqual } from "node:util";

import type { Value, Values } from "../common/struct";
import { isObject, isSpecial } from "./values";

export type Kind = "add" | "delete" | "update";

/**
 * The changed property paths with what happened to each: lists and maps are compared item by item, secrets, assets and
 * archives as a whole. Null counts as absent.
 */
export function inputDiff(olds: Values, news: Values): Map<string, Kind> {
  const changes = new Map<string, Kind>();
  compareObjects("", withoutInternals(olds), withoutInternals(news), changes);
  return changes;
}

/** Whether a change makes a replacement necessary. Pulumi's SDK asks for more: it replaces on `triggers[*]`. */
export function replaces(path: string): boolean {
  return path === "triggers";
}

function withoutInternals(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).filter(([key]) => key !== "version" && !key.startsWith("__")),
  );
}

function compareObjects(path: string, olds: Values, news: Values, changes: Map<string, Kind>): void {
  for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    compare(path + segment(key, path === ""), olds[key] ?? null, news[key] ?? null, changes);
  }
}

function compare(path: string, old: Value, now: Value, changes: Map<string, Kind>): void {
  if (isDeepStrictEqual(content(old), content(now))) return;
  if (old === null) changes.set(path, "add");
  else if (now === null) changes.set(path, "delete");
  else if (Array.isArray(old) && Array.isArray(now)) {
    for (let i = 0; i < Math.max(old.length, now.length); i++) {
      if (i >= old.length) changes.set(`${path}[${i}]`, "add");
      else if (i >= now.length) changes.set(`${path}[${i}]`, "delete");
      else compare(`${path}[${i}]`, old[i]!, now[i]!, changes);
    }
  } else if (isObject(old) && isObject(now) && !isSpecial(old) && !isSpecial(now)) {
    compareObjects(path, old, now, changes);
  } else changes.set(path, "update");
}

/** What an asset or archive is compared by: its content's hash where there is one, not the path it was read from. */
function content(value: Value): Value {
  if (Array.isArray(value)) return value.map(content);
  if (!isObject(value)) return value;
  if (isSpecial(value) && typeof value.hash === "string" && value.hash !== "") return { hash: value.hash };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, content(item)]));
}

function segment(key: string, first: boolean): string {
  if (!/^[^.[\]"]+$/.test(key)) return `[${JSON.stringify(key)}]`;
  return first ? key : `.${key}`;
}
