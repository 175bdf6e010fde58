import { z } from "zod";
import { parseRules, type FaultRule } from "./faults";
import type { DataSettings } from "./vendor";
import { vendors } from "./vendors";

const rules = z.string().transform((text, context): FaultRule[] => {
  const result = parseRules(text);
  if (typeof result !== "string") return result;
  context.issues.push({ code: "custom", message: result, input: text });
  return z.NEVER;
});

const HASH = "must be the SHA-256 of the token, 64 hex digits";
const tokenHash = z
  .string(HASH)
  .regex(/^[0-9a-f]{64}$/i, HASH)
  .toLowerCase();

const names = vendors.map(({ name }) => name);
const HASHES = `must be a JSON object with the SHA-256 of a token by vendor (${names.join(", ")})`;

const tokens = z
  .string("is missing")
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.issues.push({ code: "custom", message: HASHES, input: text });
      return z.NEVER;
    }
  })
  .pipe(
    z
      .record(z.string(), z.unknown(), HASHES)
      .refine(
        (hashes) => Object.keys(hashes).length > 0,
        `needs the token of one vendor at least (${names.join(", ")})`,
      ),
  )
  .pipe(
    z.strictObject(Object.fromEntries(names.map((name) => [name, tokenHash.optional()])), {
      error: ({ code, keys }) =>
        code === "unrecognized_keys"
          ? `names ${keys.join(", ")}, but the sandbox has only ${names.join(", ")}`
          : undefined,
    }),
  );

const environment = z
  .object({
    SANDBOX_TOKENS: tokens,
    SANDBOX_SEED: z.coerce.number().int().min(0).default(1),
    SANDBOX_ORDERS_PER_DAY: z.coerce.number().int().min(0).max(90_000).default(40),
    SANDBOX_DAYS: z.coerce.number().int().min(0).max(1000).default(45),
    SANDBOX_EVENTS: z.coerce.number().int().min(1).max(1000).default(12),
    SANDBOX_FAULTS: rules.default([]),
  })
  .transform((env): ContainerSettings => ({
    tokens: env.SANDBOX_TOKENS,
    seed: env.SANDBOX_SEED,
    ordersPerDay: env.SANDBOX_ORDERS_PER_DAY,
    days: env.SANDBOX_DAYS,
    events: env.SANDBOX_EVENTS,
    faults: env.SANDBOX_FAULTS,
  }));

/** Settings of the container. */
export interface ContainerSettings extends DataSettings {
  /** SHA-256 of the accepted tokens, hex in small letters, by name of the vendor. */
  tokens: Record<string, string | undefined>;
  /** Faults that are on from the start. */
  faults: FaultRule[];
}

/**
 * Reads the settings of the container from its environment.
 * @throws Error whose message names every variable that is missing or malformed
 */
export function readSettings(env: Record<string, string | undefined>): ContainerSettings {
  const result = environment.safeParse(env);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
}
