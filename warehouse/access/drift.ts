import type { Drift } from "../drift";
import { readDrift, STATEMENT_TIMEOUT_MS } from "../read-drift";
import { Journal } from "../schema/journal";
import type { AccessTarget } from "../target";
import { Warehouse, withWarehouse } from "../client";
import { fixableOf, sentence, type Difference } from "./difference";
import { refusedLogins } from "../login";
import { declaration, readDifferences } from "./read";

/**
 * How the server stands against `sql/10_access.sql`; changes nothing.
 * @param waitSeconds how long a server may stay silent
 */
export function accessDrift(target: AccessTarget, waitSeconds: number): Promise<Drift> {
  const server = new Warehouse(target.warehouse, { request_timeout: STATEMENT_TIMEOUT_MS });
  return withWarehouse(server, (warehouse) => readDrift(() => driftOf(warehouse, target), waitSeconds));
}

/** What differs from the declaration of this target, configured passwords included; changes nothing. */
export async function differencesOf(warehouse: Warehouse, target: AccessTarget): Promise<Difference[]> {
  const refused = await refusedLogins(warehouse, target.passwords);
  return (await readDifferences(warehouse, declaration(target.logins), refused)).differences;
}

async function driftOf(warehouse: Warehouse, target: AccessTarget): Promise<Drift> {
  const [{ number, name }, differences] = await Promise.all([
    new Journal(warehouse).revision("access"),
    differencesOf(warehouse, target),
  ]);
  return {
    answered: true,
    revision: number,
    name,
    differences: fixableOf(differences).map(({ text }) => text),
    refused: [],
    notes: differences.filter(({ steps }) => steps.length === 0).map(sentence),
  };
}
