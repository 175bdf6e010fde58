import { z } from "zod";
import type { Client } from "./clients";
import { parseRules, type FaultRule } from "./faults";
import type { DataSettings } from "./vendor";
import { vendors } from "./vendors";

const rules = z.string().transform((text, context): FaultRule[] => {
  const result = parseRules(text);
  if (typeof result !== "string") return result;
  context.issues.push({ code: "custom", message: result, input: text });
  return z.NEVER;
});

const HASH = "must be the SHA-256 of the client's credential, 64 hex digits";
const client = z
  .strictObject(
    {
      sha256: z
        .string(HASH)
        .regex(/^[0-9a-f]{64}$/i, HASH)
        .toLowerCase(),
      account: z.string("must be a text").min(1, "is empty").optional(),
    },
    { error: ({ code, keys }) => (code === "unrecognized_keys" ? `has ${keys.join(", ")}` : undefined) },
  )
  // A setting that is left out must not arrive as one without a value.
  .transform(({ sha256, account }): Client => (account === undefined ? { sha256 } : { sha256, account }));

const names = vendors.map(({ name }) => name);
const CLIENTS = `must be a JSON object with a list of clients by vendor (${names.join(", ")})`;

const clients = z
  .string("is missing")
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.issues.push({ code: "custom", message: CLIENTS, input: text });
      return z.NEVER;
    }
  })
  .pipe(
    z
      .record(z.string(), z.unknown(), CLIENTS)
      .refine(
        (byVendor) => Object.keys(byVendor).length > 0,
        `needs the clients of one vendor at least (${names.join(", ")})`,
      ),
  )
  .pipe(
    z.strictObject(
      Object.fromEntries(
        names.map((name) => [name, z.array(client, "must be a list").min(1, "names no client").optional()]),
      ),
      {
        error: ({ code, keys }) =>
          code === "unrecognized_keys"
            ? `names ${keys.join(", ")}, but the sandbox has only ${names.join(", ")}`
            : undefined,
      },
    ),
  );

const environment = z
  .object({
    SANDBOX_CLIENTS: clients,
    SANDBOX_SEED: z.coerce.number().int().min(0).default(1),
    SANDBOX_ORDERS_PER_DAY: z.coerce.number().int().min(0).max(90_000).default(40),
    SANDBOX_DAYS: z.coerce.number().int().min(0).max(1000).default(45),
    SANDBOX_EVENTS: z.coerce.number().int().min(1).max(1000).default(12),
    SANDBOX_FAULTS: rules.default([]),
  })
  .transform((env): ContainerSettings => ({
    clients: env.SANDBOX_CLIENTS,
    seed: env.SANDBOX_SEED,
    ordersPerDay: env.SANDBOX_ORDERS_PER_DAY,
    days: env.SANDBOX_DAYS,
    events: env.SANDBOX_EVENTS,
    faults: env.SANDBOX_FAULTS,
  }));

/** Settings of the container. */
export interface ContainerSettings extends DataSettings {
  /** The known clients by name of the vendor; hashes in small letters. */
  clients: Record<string, Client[] | undefined>;
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
