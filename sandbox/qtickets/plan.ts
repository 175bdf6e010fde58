import { DAY, HOUR, dayStart } from "../moscow-time";
import { Random } from "../random";

/** The day from which ids and show dates are counted: 2020-01-01. */
export const FIRST_DAY = 18_262;
const FIRST_EVENT_ID = 5001;
/** Show ids form a number range of their own, far from that of the events. */
const FIRST_SHOW_ID = 60_000;
const SHOW_IDS_PER_EVENT = 2_000;

export interface City {
  id: number;
  /** As the vendor would send it: some carry blanks or decomposed letters that a reader has to normalise. */
  name: string;
  timezone: string;
  offsetHours: number;
  /** How campaigns abbreviate it in `utm_content`. */
  utmCode: string;
}

/** What is special about an event; the first twelve events have one kind each, then they repeat. */
export type EventKind =
  | "hall"
  | "translated"
  | "entrance"
  | "foreign"
  | "soldOut"
  | "withoutCounters"
  | "inactive"
  | "deleted"
  | "closingShows"
  | "mixed"
  | "oddCity"
  | "withoutShows";

interface Repertoire {
  kind: EventKind;
  title: string;
  city: City;
  currency: string;
}

const moscowTime = { timezone: "Europe/Moscow", offsetHours: 3 };

function city(id: number, name: string, utmCode: string, zone = moscowTime): City {
  return { id, name, utmCode, ...zone };
}

const repertoire: readonly Repertoire[] = [
  { kind: "hall", title: "Вечер джаза", city: city(1, "Москва", "msk"), currency: "RUB" },
  { kind: "translated", title: "Белые ночи", city: city(2, "Санкт-Петербург", "spb"), currency: "RUB" },
  { kind: "entrance", title: "Электронная ночь", city: city(3, "Казань", "казань"), currency: "RUB" },
  {
    kind: "foreign",
    title: "Степной ветер",
    city: city(4, "Алматы", "almaty", { timezone: "Asia/Almaty", offsetHours: 5 }),
    currency: "KZT",
  },
  {
    kind: "soldOut",
    title: "Большой концерт",
    city: city(5, "Екатеринбург", "ekb", { timezone: "Asia/Yekaterinburg", offsetHours: 5 }),
    currency: "RUB",
  },
  {
    kind: "withoutCounters",
    title: "Органный вечер",
    city: city(6, "Нижний Новгород", "nizhniy_novgorod"),
    currency: "RUB",
  },
  {
    kind: "inactive",
    title: "Закрытый показ",
    city: city(7, "Новосибирск", "nsk", { timezone: "Asia/Novosibirsk", offsetHours: 7 }),
    currency: "RUB",
  },
  { kind: "deleted", title: "Снятый спектакль", city: city(8, "Самара", "самара"), currency: "RUB" },
  {
    kind: "closingShows",
    title: "Последние билеты",
    city: city(9, "Ростов-на-Дону", "ростов-на-дону"),
    currency: "RUB",
  },
  { kind: "mixed", title: "Рок на арене", city: city(10, "Краснодар", "krd"), currency: "RUB" },
  // A decomposed й, double and leading blanks and a trailing non-breaking blank.
  {
    kind: "oddCity",
    title: "Народный  хор ",
    city: city(11, " Новый  Город\u00a0".normalize("NFD"), "новый_город"),
    currency: "RUB",
  },
  { kind: "withoutShows", title: "Анонс", city: city(1, "Москва", "msk"), currency: "RUB" },
];

/** What never changes about an event, whatever the day. */
export interface EventPlan extends Repertoire {
  index: number;
  id: number;
  basePrice: number;
  firstShow: number;
  showEvery: number;
}

/** One date of an event; `start` and `finish` in epoch milliseconds. */
export interface ShowPlan {
  id: number;
  event: EventPlan;
  /** Running number of the date within its event. */
  number: number;
  start: number;
  finish: number;
}

/** The events of a seed. */
export function eventPlans(seed: number, count: number): EventPlan[] {
  return Array.from({ length: count }, (_, index) => {
    const random = new Random(seed, 1, index);
    const base = repertoire[index % repertoire.length] as Repertoire;
    const edition = Math.floor(index / repertoire.length) + 1;
    return {
      ...base,
      title: edition === 1 ? base.title : `${base.title} ${edition}`,
      index,
      id: FIRST_EVENT_ID + index,
      basePrice: random.int(8, 60) * (base.currency === "KZT" ? 500 : 50),
      firstShow: dayStart(FIRST_DAY + random.int(0, 19)) + 19 * HOUR,
      showEvery: random.int(18, 26) * DAY,
    };
  });
}

/** One date of an event by its running number. */
export function showPlan(event: EventPlan, number: number): ShowPlan {
  const start = event.firstShow + number * event.showEvery;
  const id = FIRST_SHOW_ID + event.index * SHOW_IDS_PER_EVENT + number;
  return { id, event, number, start, finish: start + 2 * HOUR };
}

/** Running number of the first date of an event that starts after a timestamp. */
export function nextShowNumber(event: EventPlan, timestamp: number): number {
  return Math.floor((timestamp - event.firstShow) / event.showEvery) + 1;
}

/** The event that owns a show id, with the show; undefined when no event has it. */
export function showById(plans: readonly EventPlan[], id: number): ShowPlan | undefined {
  const event = plans[Math.floor((id - FIRST_SHOW_ID) / SHOW_IDS_PER_EVENT)];
  return event === undefined || event.kind === "withoutShows"
    ? undefined
    : showPlan(event, (id - FIRST_SHOW_ID) % SHOW_IDS_PER_EVENT);
}

/** Shows of kind `closingShows` end their sales early: by deletion or by being switched off, in turn. */
export const SALES_CLOSE_BEFORE = 5 * DAY;

/** The dates a buyer can choose from at a timestamp: the next two. */
export function showsOnSale(event: EventPlan, timestamp: number): ShowPlan[] {
  if (event.kind === "withoutShows") return [];
  const next = nextShowNumber(event, timestamp);
  return [showPlan(event, next), showPlan(event, next + 1)].filter(
    (show) => event.kind !== "closingShows" || timestamp < show.start - SALES_CLOSE_BEFORE,
  );
}
