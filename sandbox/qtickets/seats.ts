import { DAY } from "../moscow-time";
import { Random } from "../random";
import { hallPlaces, tariffs, type Place } from "./hall";
import type { ShowPlan } from "./plan";
import type { Seat } from "./types";

const SALES_OPEN_BEFORE = 60 * DAY;

/** How much of a place is sold by a timestamp; the number never falls as time goes on. */
function countSold(seed: number, show: ShowPlan, place: Place, index: number, timestamp: number): number {
  if (show.event.kind === "soldOut") return place.capacity;
  const progress = 1 - (show.start - timestamp) / SALES_OPEN_BEFORE;
  const demand = 0.4 + 0.5 * new Random(seed, 2, show.id).next();
  const ratio = Math.min(Math.max(progress, 0), 1) * demand;
  if (place.admission) return Math.floor(place.capacity * ratio);
  return new Random(seed, 3, show.id, index).next() < ratio ? 1 : 0;
}

/** A show whose answer holds nothing at all: every second date of the events without counters. */
function isEmpty(show: ShowPlan): boolean {
  return show.event.kind === "withoutCounters" && show.number % 2 === 0;
}

/** The seats of a show at a timestamp, one per place and tariff, as the API lists them. */
export function showSeats(seed: number, show: ShowPlan, timestamp: number): Seat[] {
  if (isEmpty(show)) return [];
  return hallPlaces(show.event).flatMap((place, index) => {
    const sold = countSold(seed, show, place, index, timestamp);
    return tariffs.map((tariff): Seat => {
      const zone = `${tariff.code}_${place.zone}`;
      const free = place.disabled ? 0 : place.capacity - sold;
      return {
        id: `${tariff.code}_${place.rootId}`,
        root_id: place.rootId,
        name: place.admission ? place.zoneName : `${place.zoneName}: row ${place.row}, place ${place.number}`,
        zone_id: zone,
        zone_root_id: place.zone,
        short_seat_id: `${place.row};${place.number}`,
        admission: place.admission,
        row: place.row,
        place: place.number,
        ...(show.event.kind === "withoutCounters"
          ? {}
          : {
              max_quantity: place.capacity,
              free_quantity: free,
              ordered_quantity: sold,
              payed_quantity: sold,
              in_basket_quantity: 0,
            }),
        available: free > 0,
        disabled: place.disabled,
        ordered: sold > 0,
        price: place.price * tariff.ratio,
        currency_id: show.event.currency,
        related_seats: [],
        multiprice_name: tariff.name,
        multiprice_code: tariff.code,
        spread: { partner_id: null, users: [], client_groups: [], client_emails: [], agents: false },
        color_theme_id: 1,
        coords: [index * 10, 100],
      };
    });
  });
}

/** Places of a show and how many are left; null when the API does not say. */
export interface SeatCount {
  total: number;
  left: number;
}

/** Counts the places of a show from the hall plan, not from the API's rows: the figure that a loader must arrive at. */
export function countSeats(seed: number, show: ShowPlan, timestamp: number): SeatCount | null {
  if (show.event.kind === "withoutCounters") return null;
  const count = { total: 0, left: 0 };
  hallPlaces(show.event).forEach((place, index) => {
    if (place.disabled) return;
    count.total += place.capacity;
    count.left += place.capacity - countSold(seed, show, place, index, timestamp);
  });
  return count;
}
