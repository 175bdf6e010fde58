import type { Clock } from "../../../loaders/core/clock";
import { serveData, type Sandbox } from "../../../sandbox/qtickets/sandbox";
import { OrderStore } from "../../../sandbox/qtickets/store";
import { dataSet } from "../../unit/sandbox/support";
import { Vendor } from "./vendor-history";
import { startWarehouse, type Warehouse, WRITTEN } from "./warehouse";

/** A warehouse, and a vendor whose shop a test fills and changes while the loader reads it. */
export interface SimulatedShop {
  readonly warehouse: Warehouse;
  readonly sandbox: Sandbox<OrderStore>;
  vendor: Vendor;
  /** The vendor's clock, for the loader. */
  readonly clock: Clock;
  /** Requests since a test set it to 0. */
  requests: number;
  /** Called with the number of each request, from 0. */
  onRequest: (number: number) => void;
  /** Empties warehouse and shop: a new vendor, whose clock stands at `now` (epoch milliseconds). */
  clear(now: number): Promise<void>;
  close(): Promise<void>;
}

/** @param begin day of the events, and where the clock starts (epoch milliseconds) */
export async function startShop(begin: number): Promise<SimulatedShop> {
  const warehouse = await startWarehouse({ ordersPerDay: 1, days: 1 });
  // Some thousand runs in an hour are more than a loader may ask for.
  await warehouse.server.client([], "DROP QUOTA etl_writer_quota");
  const store = new OrderStore(dataSet({ now: () => begin }));
  const sandbox = await serveData(store, { onRequest: () => shop.onRequest(shop.requests++) });
  const shop: SimulatedShop = {
    warehouse,
    sandbox,
    vendor: new Vendor(store, begin),
    clock: { now: () => shop.vendor.now, sleep: () => Promise.resolve(), random: () => 0.5 },
    requests: 0,
    onRequest: () => undefined,
    clear: async (now) => {
      await Promise.all(WRITTEN.map((table) => warehouse.sql(`TRUNCATE TABLE ${table}`)));
      store.clear();
      shop.vendor = new Vendor(store, now);
    },
    close: async () => {
      await sandbox.close();
      await warehouse.close();
    },
  };
  return shop;
}
