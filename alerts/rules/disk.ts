import { asMonitor } from "../../warehouse/queries";
import { oneDecimal, type Rule } from "./rule";

interface Disk {
  disk: string;
  free: number;
  total: number;
}

/** Disks of the server by ClickHouse's own names; several of one size are most likely one file system, and count as one. */
export const disk: Rule<"disk"> = {
  name: "disk",
  about: "the free space of the disks",
  asksServer: true,
  find: async ({ warehouse, limits }) => {
    const disks = await warehouse.rows<Disk>(
      asMonitor`SELECT arrayStringConcat(arraySort(groupArray(d.name)), ', ') AS disk, min(d.free_space) AS free, d.total_space AS total
FROM system.disks AS d WHERE d.total_space > 0 GROUP BY d.total_space`,
    );
    return disks.flatMap(({ disk: name, free, total }) => {
      const percent = (100 * free) / total;
      if (percent >= limits.freePercent) return [];
      return [
        {
          subject: name,
          severity: "error",
          sentence: `${oneDecimal(percent)} % of the server's disk (${name}) are free; the limit is ${limits.freePercent} %.`,
          command: "npx zakaz status",
        },
      ];
    });
  },
};
