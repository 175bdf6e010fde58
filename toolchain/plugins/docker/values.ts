/** What the values of a resource tell about an error text: words it may contain, and words it must not show. */
import type { Value, Values } from "../common/struct";

/** Shorter values of settings (ports, flags, names of drivers) stand in error texts for good reasons. */
const SHORTEST_MASKED = 8;

/** Properties whose content may be secret, at any depth. */
const SENSITIVE = new Set([
  "envs",
  "content",
  "contentBase64",
  "buildArgs",
  "args",
  "password",
  "identityToken",
  "registryToken",
  "auth",
  "keyMaterial",
  "certMaterial",
  "caMaterial",
]);

/** Names and images of a resource: they tell its log line from those of others. */
export function mentionsOf(values: Values): string[] {
  return ["name", "image", "sourceImage", "targetImage"]
    .map((key) => values[key])
    .filter((value): value is string => typeof value === "string");
}

/** Every text in a property that may hold secrets; of `NAME=value` pairs the value. */
export function sensitiveValues(values: Values): string[] {
  const found: string[] = [];
  const collect = (value: Value, key: string): void => {
    if (typeof value === "string") found.push(key === "envs" ? value.slice(value.indexOf("=") + 1) : value);
    else if (Array.isArray(value)) value.forEach((item) => collect(item, key));
    else if (value !== null && typeof value === "object")
      Object.values(value).forEach((item) => collect(item, key));
  };
  const walk = (value: Value): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (value !== null && typeof value === "object") {
      for (const [key, item] of Object.entries(value)) {
        if (SENSITIVE.has(key)) collect(item, key);
        else walk(item);
      }
    }
  };
  walk(values);
  return found.filter((text) => text.length >= SHORTEST_MASKED);
}
