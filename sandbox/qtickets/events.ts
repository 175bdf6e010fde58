import { DAY, HOUR, dayStart, isoTime, moscowDay } from "../moscow-time";
import { hallPlaces } from "./hall";
import { nextShowNumber, SALES_CLOSE_BEFORE, showPlan, type EventPlan, type ShowPlan } from "./plan";
import type { Event, Flag, LooseObject, Price, Show } from "./types";

/** How the API writes values where its habits are not certain. */
export interface ValueFormat {
  /** A timestamp as text, given the offset of the event's city. */
  time(timestamp: number, cityOffsetHours: number): string;
  orderFlag(value: boolean): Flag;
  eventFlag(value: boolean): Flag;
}

const CREATED_BEFORE_SHOW = 70 * DAY;

/** An event as the API shows it at a timestamp, with every date from `oldestShow` to the last one on sale. */
export function renderEvent(
  plan: EventPlan,
  format: ValueFormat,
  oldestShow: number,
  timestamp: number,
): Event {
  const time = (at: number) => format.time(at, plan.city.offsetHours);
  const created = plan.firstShow - CREATED_BEFORE_SHOW;
  // Taken off the list late on the day before: every sale of it is older than that.
  const deleted = plan.kind === "deleted" ? dayStart(moscowDay(timestamp)) - 10 * 60_000 : null;
  return {
    id: plan.id,
    is_active: format.eventFlag(plan.kind !== "inactive"),
    name: plan.kind === "translated" ? { en: `Event ${plan.index + 1}`, ru: plan.title } : plan.title,
    scheme_id: 70 + plan.index,
    currency_id: plan.currency,
    place_name: `Зал ${plan.index + 1}`,
    place_address: `Улица ${plan.index + 1}`,
    place_description: "",
    city_id: plan.city.id,
    description: "<p>Invented for the sandbox</p>",
    site_url: "https://shop.example.test",
    external_id: null,
    ticket_id: 1,
    mail_template_id: 1,
    age: "12+",
    event_type_id: 2,
    slug: `event-${plan.index + 1}`,
    url: `https://shop.example.test/event-${plan.index + 1}`,
    city: { id: plan.city.id, name: plan.city.name, timezone: plan.city.timezone },
    shows: listShows(plan, oldestShow, timestamp).map((show) => renderShow(show, format, timestamp)),
    payments: [{ id: 20, is_active: true, name: "Bank card", handler: "card" }],
    poster: { id: 1, content_type: "image/jpeg", file_size: 1, url: "https://shop.example.test/poster.jpg" },
    ticket: { id: 1, is_active: 1, name: "Ticket" },
    mail_template: { id: 1, is_active: 1, name: "Mail" },
    place_coordinates: [55.1, 37.2],
    created_at: time(created),
    updated_at: time(deleted ?? created),
    deleted_at: deleted === null ? null : time(deleted),
  };
}

/** The dates of an event that the API lists at a timestamp. */
export function listShows(plan: EventPlan, oldestShow: number, timestamp: number): ShowPlan[] {
  if (plan.kind === "withoutShows") return [];
  const first = nextShowNumber(plan, oldestShow);
  const last = nextShowNumber(plan, timestamp) + 1;
  return Array.from({ length: last - first + 1 }, (_, index) => showPlan(plan, first + index));
}

/** Whether a date has been deleted or switched off at a timestamp. */
export function showStatus(show: ShowPlan, timestamp: number): "deleted" | "inactive" | "open" {
  if (show.event.kind !== "closingShows" || timestamp < show.start - SALES_CLOSE_BEFORE) return "open";
  return show.number % 2 === 0 ? "deleted" : "inactive";
}

function renderShow(show: ShowPlan, format: ValueFormat, timestamp: number): Show {
  const time = (at: number) => format.time(at, show.event.city.offsetHours);
  const status = showStatus(show, timestamp);
  const closed = show.start - SALES_CLOSE_BEFORE;
  const created = show.start - CREATED_BEFORE_SHOW;
  const prices: Price[] = [1, 2].map((number) => ({
    id: show.id * 10 + number,
    default_price: show.event.basePrice * number,
    color_theme: String(number),
    modifiers: [],
  }));
  return {
    id: show.id,
    name: "",
    is_active: format.eventFlag(status === "open"),
    sale_start_date: null,
    sale_finish_date: time(show.start - HOUR),
    open_date: time(show.start - HOUR / 2),
    start_date: time(show.start),
    finish_date: time(show.finish),
    scheme_properties: schemeProperties(show, prices[0]?.id ?? 0),
    prices,
    min_price: prices[0] ?? null,
    max_price: null,
    created_at: time(created),
    updated_at: time(status === "open" ? created : closed),
    deleted_at: status === "deleted" ? time(closed) : null,
  };
}

/** The seat map that makes an event's answer so big; parts without content arrive as empty lists. */
function schemeProperties(show: ShowPlan, priceId: number): Show["scheme_properties"] {
  const seats: LooseObject = Object.fromEntries(
    hallPlaces(show.event).map((place) => [
      place.rootId,
      {
        max_quantity: String(place.capacity),
        hot: "0",
        disabled: place.disabled ? "1" : "0",
        price_id: String(priceId),
      },
    ]),
  );
  return { admin: [], zones: [], seats };
}

/** The API's usual format, or its other one where that is asked for. */
export function valueFormat(dates: "moscow" | "local", flags: "usual" | "swapped"): ValueFormat {
  const asNumber = (value: boolean) => (value ? 1 : 0);
  const asBoolean = (value: boolean) => value;
  return {
    time: (timestamp, cityOffsetHours) =>
      dates === "local" ? isoTime(timestamp, cityOffsetHours) : isoTime(timestamp),
    orderFlag: flags === "usual" ? asBoolean : asNumber,
    eventFlag: flags === "usual" ? asNumber : asBoolean,
  };
}
