import { availableParallelism, loadavg } from "node:os";

/** How many times as long anything takes when more processes want a core than there are cores. */
export const crowding = (): number => Math.max(1, loadavg()[0]! / availableParallelism());
