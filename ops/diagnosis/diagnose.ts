import { users } from "../../warehouse/catalogue";
import { Warehouse, withWarehouse } from "../../warehouse/client";
import { explain, readDrift, type Finding } from "./explain";
import { readTroubles, type Scene } from "./read";
import type { Trouble } from "./trouble";

/** How long one question to the server may take. */
const PATIENCE_MS = 10_000;

/** What went wrong on a stack and was not put right since, and what is no fault. Changes nothing. */
export function diagnoseStack(scene: Scene): Promise<{ findings: Finding[]; normal: Trouble[] }> {
  const admin = new Warehouse(scene.stack.warehouseTarget, { request_timeout: PATIENCE_MS });
  return withWarehouse(admin, async (warehouse) => {
    const troubles = await readTroubles(warehouse, scene);
    // Only what happened to a user of sql/ can be explained by what differs from it.
    const drift = troubles.some(({ user }) => user !== undefined && user !== users.admin)
      ? await readDrift(warehouse, scene)
      : undefined;
    return explain(scene, troubles, drift);
  });
}
