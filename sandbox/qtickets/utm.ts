import type { Random } from "../random";
import { marker, UTM_PHONE } from "./markers";
import type { LooseObject } from "./types";

const sources = ["vk", "VK", "yandex", "telegram", " vk "] as const;

/** The campaign marks of an order, in every shape that the API is known to send. `cityCode` is what campaigns call the city. */
export function orderUtm(random: Random, orderId: number, cityCode: string): LooseObject {
  const draw = random.next();
  if (draw < 0.3) return [];
  const day = String(random.int(1, 28)).padStart(2, "0");
  const month = String(random.int(1, 12)).padStart(2, "0");
  const usual = { utm_source: random.pick(sources), utm_medium: "cpc", utm_campaign: `c${random.int(1, 5)}` };
  if (draw < 0.6) return { ...usual, utm_content: `${cityCode}_${day}_${month}` };
  if (draw < 0.7)
    return { ...usual, utm_content: `${cityCode.toUpperCase()}_${day}_${month}`, utm_term: "билеты" };
  if (draw < 0.8) return usual;
  if (draw < 0.85) return { ...usual, utm_campaign: 123456, utm_content: 7, utm_term: null };
  if (draw < 0.9) return { utm_source: "referral", utm_medium: true };
  if (draw < 0.94) return { ...usual, utm_content: "banner-1", utm_term: "x".repeat(400) };
  if (draw < 0.97) return { ...usual, utm_content: `${cityCode}_31_31` };
  return { ...usual, utm_content: `${marker("utm-email", orderId)}@example.test`, utm_term: UTM_PHONE };
}
