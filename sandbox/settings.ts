import { z } from "zod";
import type { FaultRule } from "./faults";
import { parseRules } from "./server";

const rules = z.string().transform((text, context): FaultRule[] => {
  const result = parseRules(text);
  if (typeof result !== "string") return result;
  context.issues.push({ code: "custom", message: result, input: text });
  return z.NEVER;
});

const environment = z
  .object({
    SANDBOX_TOKEN_SHA256: z
      .string("is missing")
      .regex(/^[0-9a-f]{64}$/i, "must be the SHA-256 of the token, 64 hex digits"),
    SANDBOX_SEED: z.coerce.number().int().min(0).default(1),
    SANDBOX_ORDERS_PER_DAY: z.coerce.number().int().min(0).max(90_000).default(40),
    SANDBOX_DAYS: z.coerce.number().int().min(0).max(1000).default(45),
    SANDBOX_EVENTS: z.coerce.number().int().min(1).max(1000).default(12),
    SANDBOX_FAULTS: rules.default([]),
  })
  .transform((env) => ({
    tokenSha256: env.SANDBOX_TOKEN_SHA256.toLowerCase(),
    seed: env.SANDBOX_SEED,
    ordersPerDay: env.SANDBOX_ORDERS_PER_DAY,
    days: env.SANDBOX_DAYS,
    events: env.SANDBOX_EVENTS,
    faults: env.SANDBOX_FAULTS,
  }));

/** Settings of the container. */
export type ContainerSettings = z.output<typeof environment>;

/**
 * Reads the settings of the container from its environment.
 * @throws Error whose message names every variable that is missing or malformed
 */
export function readSettings(env: Record<string, string | undefined>): ContainerSettings {
  const result = environment.safeParse(env);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
}
