import type { Drift } from "../drift";
import { readDrift, STATEMENT_TIMEOUT_MS } from "../read-drift";
import type { WarehouseTarget } from "../target";
import { Warehouse, withWarehouse } from "../client";
import { Journal } from "./journal";
import { driftOf, readPlan } from "./plan";

/**
 * How the server stands against `sql/`; changes nothing.
 * @param waitSeconds how long a server may stay silent
 */
export function schemaDrift(target: WarehouseTarget, waitSeconds: number): Promise<Drift> {
  const server = new Warehouse(target, { request_timeout: STATEMENT_TIMEOUT_MS });
  return withWarehouse(server, (warehouse) =>
    readDrift(async () => driftOf(await readPlan(warehouse, new Journal(warehouse))), waitSeconds),
  );
}
