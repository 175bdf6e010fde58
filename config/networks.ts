import { z } from "zod";

/** Widest networks that may be named as the reader's: anything wider is half the world by mistake. */
const WIDEST = { v4: 8, v6: 16 } as const;
/** A network of readers, as CIDR. */
export const readerNetwork = z.union([z.cidrv4(), z.cidrv6()]).superRefine((network, ctx) => {
  const least = network.includes(":") ? WIDEST.v6 : WIDEST.v4;
  if (Number(network.split("/")[1]) < least) {
    ctx.addIssue({
      code: "custom",
      message: `${network} is too wide: name networks of /${least} or smaller`,
    });
  }
});
