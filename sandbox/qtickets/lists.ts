import { json, type Answer } from "../http";
import type { Collection } from "./data-set";
import { BadQuery, columnsOf, matcher, selector, sorter, type Query } from "./query";

/** How the API treats what nobody has confirmed yet; the defaults are the likeliest. */
export interface Behaviour {
  /** `perPage` in the body (default "honoured"). */
  perPage: "honoured" | "ignored";
  /** The largest page the API gives (default 1000). */
  maxPerPage: number;
  /** A condition on `updated_at` (default "honoured"). */
  updatedAtFilter: "honoured" | "refused" | "ignored";
  /** `select` on orders and events (default "honoured"). */
  select: "honoured" | "ignored";
  /** Status for a request that the API cannot work with (default 503, code UNKNOWN_ERROR). */
  malformed: 503 | 422;
}

export const defaultBehaviour: Behaviour = {
  perPage: "honoured",
  maxPerPage: 1000,
  updatedAtFilter: "honoured",
  select: "honoured",
  malformed: 503,
};

/** One kind of object that the API lists. */
export interface Listing<T extends object> {
  name: string;
  rows: Collection<T>;
  /** The rows reduced to the fields that filters usually name, where making whole rows takes time. */
  heads?: Collection<Partial<T>>;
  /** Any object of the kind: its keys are the known columns. */
  sample: T;
  perPage: number;
  canSelect: boolean;
}

/** Answers pages of lists. Remembers which rows a filter found, so that paging reads every row once and not once per page. */
export class Lists {
  private readonly found = new Map<string, readonly number[]>();
  private static readonly REMEMBERED = 20;

  constructor(private readonly behaviour: Behaviour) {}

  /**
   * One page of a listing.
   * @param revision changes whenever the rows do
   * @throws BadQuery for unknown columns and operators
   */
  page<T extends object>(listing: Listing<T>, query: Query, revision: string): Answer {
    const select = listing.canSelect && this.behaviour.select === "honoured" ? query.select : undefined;
    const columns = columnsOf(listing.sample);
    const show = selector(select, columns);
    const rows = this.findPositions(listing, columns, query, revision);
    const asked = this.behaviour.perPage === "honoured" ? query.perPage : undefined;
    const perPage = Math.min(asked ?? listing.perPage, this.behaviour.maxPerPage);
    const data = rows
      .slice((query.page - 1) * perPage, query.page * perPage)
      .map((index) => show(listing.rows.at(index)));
    return json(200, { data, paging: { perPage, currentPage: query.page, total: rows.length } });
  }

  /** Positions of the rows that meet the conditions, in the order asked for. */
  private findPositions<T extends object>(
    listing: Listing<T>,
    columns: ReadonlySet<string>,
    query: Query,
    revision: string,
  ): readonly number[] {
    const where = this.conditions(query);
    const matching = (conditions: Query["where"]) => this.matching(listing, columns, conditions, revision);
    const compare = sorter(query.orderBy, columns);
    const [order] = Object.entries(query.orderBy ?? {});
    // Rows come by ascending id; only other orders need their values.
    if (order !== undefined && order[0] !== "id") {
      const found = new Map(matching(where).map((index) => [index, listing.rows.at(index)]));
      return [...found.keys()].sort((a, b) => compare(found.get(a), found.get(b)));
    }
    const key = where.find(isKey);
    const others = matching(where.filter((condition) => condition !== key));
    const positions =
      key === undefined ? others : others.slice(firstAbove(listing, others, Number(key.value)));
    return order?.[1] === "desc" ? positions.toReversed() : positions;
  }

  /** Positions of the rows that meet the conditions. */
  private matching<T extends object>(
    listing: Listing<T>,
    columns: ReadonlySet<string>,
    where: Query["where"],
    revision: string,
  ): readonly number[] {
    const key = JSON.stringify([listing.name, revision, where]);
    const known = this.found.get(key);
    if (known !== undefined) return known;
    const matches = matcher(where, columns);
    const rows = this.rowsToFilter(listing, where);
    const positions: number[] = [];
    for (let index = 0; index < rows.length; index++) {
      if (where.length === 0 || matches(rows.at(index))) positions.push(index);
    }
    this.remember(key, positions);
    return positions;
  }

  /** The heads when they hold every column that is asked about, else the whole rows. */
  private rowsToFilter<T extends object>(
    { rows, heads }: Listing<T>,
    where: Query["where"],
  ): Collection<Partial<T>> {
    if (heads === undefined || heads.length === 0) return rows;
    const first = heads.at(0);
    return where.every(({ column }) => column in first) ? heads : rows;
  }

  private conditions(query: Query): Query["where"] {
    const { updatedAtFilter } = this.behaviour;
    const isUpdated = ({ column }: { column: string }) => column === "updated_at";
    if (updatedAtFilter === "honoured" || !query.where.some(isUpdated)) return query.where;
    if (updatedAtFilter === "refused") throw new BadQuery("unknown column updated_at");
    return query.where.filter((condition) => !isUpdated(condition));
  }

  private remember(key: string, positions: readonly number[]): void {
    if (this.found.size >= Lists.REMEMBERED) {
      for (const oldest of this.found.keys()) {
        this.found.delete(oldest);
        break;
      }
    }
    this.found.set(key, positions);
  }
}

/** `id > number`: rows come by ascending id, so that it needs no look at each. */
function isKey({ column, operator, value }: Query["where"][number]): boolean {
  return column === "id" && operator === ">" && typeof value === "number";
}

function firstAbove<T extends object>(
  { rows, heads }: Listing<T>,
  positions: readonly number[],
  id: number,
): number {
  const collection = (heads !== undefined && heads.length > 0 ? heads : rows) as Collection<{ id?: number }>;
  let [low, high] = [0, positions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((collection.at(positions[middle] as number).id ?? 0) > id) high = middle;
    else low = middle + 1;
  }
  return low;
}
