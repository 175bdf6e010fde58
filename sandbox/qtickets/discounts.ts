import { FIRST_DAY, type EventPlan } from "./plan";
import { dayStart } from "../moscow-time";
import type { ValueFormat } from "./events";
import type { Discount, PromoCode } from "./types";

/** What a discount takes off; the API itself never tells the percentage. */
export interface DiscountPlan {
  id: number;
  name: string;
  percent: number;
  promoCodeIds: number[];
}

/** Discounts of every data set. The last one makes tickets free. */
export const discountPlans: readonly [DiscountPlan, ...DiscountPlan[]] = [
  { id: 45, name: "Early", percent: 10, promoCodeIds: [] },
  { id: 46, name: "Friends", percent: 20, promoCodeIds: [13000, 13001] },
  { id: 47, name: "Gift", percent: 100, promoCodeIds: [13002] },
];

/** A price shade; it has no name. */
export interface ColorTheme {
  id: number;
  color: string;
}

/** The catalogue of price shades, in the vendor's published order. */
export const colorThemes: readonly ColorTheme[] = [
  { id: 1, color: "#d80000" },
  { id: 2, color: "#d8007f" },
  { id: 3, color: "#b700d8" },
  { id: 4, color: "#8400d8" },
  { id: 5, color: "#004cd8" },
  { id: 6, color: "#00add8" },
  { id: 7, color: "#00d8d0" },
  { id: 8, color: "#00d833" },
  { id: 15, color: "#009f4b" },
  { id: 9, color: "#a8d800" },
  { id: 10, color: "#d5d800" },
  { id: 11, color: "#d89e00" },
  { id: 12, color: "#e27500" },
  { id: 13, color: "#606060" },
  { id: 14, color: "#a82d2d" },
];

const created = dayStart(FIRST_DAY);

/** The discounts as the API lists them, each bound to the first events. */
export function renderDiscounts(plans: readonly EventPlan[], format: ValueFormat): Discount[] {
  return discountPlans.map((discount) => ({
    id: discount.id,
    is_active: format.eventFlag(true),
    name: discount.name,
    active_from: null,
    active_to: null,
    type: "P",
    events: plans.slice(0, 2).map((plan) => ({
      id: plan.id,
      is_active: format.eventFlag(plan.kind !== "inactive"),
      name: plan.title,
      deleted_at: null,
    })),
    shows: [],
    created_at: format.time(created, 3),
    updated_at: format.time(created, 3),
    deleted_at: null,
  }));
}

/** The promo codes as the API lists them; the last one has been deleted. */
export function renderPromoCodes(format: ValueFormat): PromoCode[] {
  return discountPlans.flatMap((discount) =>
    discount.promoCodeIds.map((id) => ({
      id,
      is_active: format.eventFlag(discount.percent < 100),
      type: 1,
      discount_id: discount.id,
      code: `${id}-10000-1`,
      max_uses_count: 5,
      active_from: null,
      active_to: null,
      created_at: format.time(created, 3),
      updated_at: format.time(created, 3),
      deleted_at: discount.percent < 100 ? null : format.time(created, 3),
    })),
  );
}
