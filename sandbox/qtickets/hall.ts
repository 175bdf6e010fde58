import type { EventPlan } from "./plan";

/** A tariff of a hall: the API repeats every place once per tariff. */
export interface Tariff {
  code: string;
  name: string;
  /** Its price in relation to the full one. */
  ratio: number;
}

export const tariffs: readonly [Tariff, Tariff] = [
  { code: "full", name: "Full price", ratio: 1 },
  { code: "student", name: "Student", ratio: 0.5 },
];

/** One physical place, or one entrance zone that holds many people. */
export interface Place {
  rootId: string;
  zone: string;
  zoneName: string;
  row: string;
  number: string;
  admission: boolean;
  capacity: number;
  disabled: boolean;
  price: number;
}

interface Zone {
  id: string;
  name: string;
  rows: number;
  seats: number;
  factor: number;
}

const numbered: readonly Zone[] = [
  { id: "PARTERRE", name: "Parterre", rows: 8, seats: 12, factor: 1 },
  { id: "BALCONY", name: "Balcony", rows: 3, seats: 10, factor: 0.8 },
];
const standing: readonly (Zone & { capacity: number })[] = [
  { id: "DANCE_FLOOR", name: "Dance floor", rows: 1, seats: 1, factor: 1, capacity: 300 },
  { id: "VIP", name: "VIP", rows: 1, seats: 1, factor: 3, capacity: 40 },
];

const halls = new WeakMap<EventPlan, Place[]>();

/** The places of an event's hall, the same for all of its dates. */
export function hallPlaces(event: EventPlan): readonly Place[] {
  const known = halls.get(event);
  if (known !== undefined) return known;
  const places = buildHall(event);
  halls.set(event, places);
  return places;
}

function buildHall(event: EventPlan): Place[] {
  const places: Place[] = [];
  if (event.kind !== "entrance") {
    for (const zone of numbered) places.push(...numberedPlaces(event, zone));
  }
  if (event.kind === "entrance" || event.kind === "mixed") {
    for (const zone of standing) {
      places.push({ ...place(event, zone, 1, 1), admission: true, capacity: zone.capacity, disabled: false });
    }
  }
  return places;
}

function numberedPlaces(event: EventPlan, zone: Zone): Place[] {
  return Array.from({ length: zone.rows * zone.seats }, (_, index) =>
    place(event, zone, Math.floor(index / zone.seats) + 1, (index % zone.seats) + 1),
  );
}

function place(event: EventPlan, zone: Zone, row: number, number: number): Place {
  return {
    rootId: `${zone.id}-${row};${number}`,
    zone: zone.id,
    zoneName: zone.name,
    row: String(row),
    number: String(number),
    admission: false,
    capacity: 1,
    // The two outer places of the last row of the parterre are kept for technicians.
    disabled: zone.id === "PARTERRE" && row === zone.rows && (number === 1 || number === zone.seats),
    price: event.basePrice * zone.factor,
  };
}
