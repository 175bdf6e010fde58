/** Pulumi's special values as they travel in protobuf structs. */
import type { Value, Values } from "../common/struct";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** The sentinels for values that are not known yet, one per kind of value. */
const UNKNOWN: ReadonlySet<Value> = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** The sentinel Pulumi reads as "a string, known after the command ran". */
export const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function isUnknown(value: Value): boolean {
  return UNKNOWN.has(value);
}

export function isObject(value: Value | undefined): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value with a type of its own (secret, asset, archive), to be compared as a whole. */
export function isSpecial(value: Value): boolean {
  return isObject(value) && SIGNATURE in value;
}

export function isSecret(value: Value): value is { [SIGNATURE]: typeof SECRET; value: Value } {
  return isObject(value) && value[SIGNATURE] === SECRET;
}

/** The value without any secret marking, at any depth. */
export function reveal(value: Value): Value {
  if (isSecret(value)) return reveal(value.value);
  if (Array.isArray(value)) return value.map(reveal);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reveal(item)]));
  return value;
}

/** Every text and number inside secret values: what no message may show. */
export function secretTexts(value: Value, inSecret = false): string[] {
  if (isSecret(value)) return secretTexts(value.value, true);
  if (Array.isArray(value)) return value.flatMap((item) => secretTexts(item, inSecret));
  if (isObject(value)) return Object.values(value).flatMap((item) => secretTexts(item, inSecret));
  return inSecret && (typeof value === "string" || typeof value === "number") ? [String(value)] : [];
}
