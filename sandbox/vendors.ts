import { qtickets } from "./qtickets/vendor";
import type { Vendor } from "./vendor";
import { vkAds } from "./vk-ads/vendor";

/** The vendors that the sandbox can stand in for. A new one is a folder beside `qtickets/` and a line here. */
export const vendors: readonly Vendor[] = [qtickets, vkAds];
