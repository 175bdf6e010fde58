import type { Difference } from "./difference";
import type { Column, ColumnDefault } from "./model";
import { quoteName, quoteText } from "../sql/quote";
import { compareTtl } from "./ttl";
import { holdsEverything } from "./types";

/** Kinds of default that keep a value in each row: the others keep none. */
const STORED: ColumnDefault["kind"][] = ["DEFAULT", "MATERIALIZED"];

/**
 * What differs between a column of `sql/` and the live one of the same name.
 * @param alter beginning of a statement: `ALTER TABLE zakaz.t`
 * @param isKey true: the column is part of a key or of the engine, so its type is fixed
 */
export function compareColumn(
  wanted: Column,
  found: Column,
  alter: string,
  isKey: boolean,
): Omit<Difference, "object">[] {
  const name = quoteName(wanted.name);
  // With the type, even where it does not change: not every clause may stand without.
  const modify = `${alter} MODIFY COLUMN ${name} ${wanted.type}`;
  const aspect = (what: string) => `column ${wanted.name}: ${what}`;
  const parts: Omit<Difference, "object">[] = [];

  if (wanted.type !== found.type) {
    const fits = holdsEverything(found.type, wanted.type);
    const values = { aspect: aspect("type"), wanted: wanted.type, found: found.type };
    if (fits && !isKey) {
      parts.push({
        ...values,
        fix: "in place",
        statements: [modify],
      });
    } else {
      const reason = fits
        ? "the type of a key column is fixed"
        : `${wanted.type} cannot hold every value of ${found.type}, or means something else`;
      parts.push({ ...values, fix: "refused", reason, statements: [] });
    }
  }

  const [want, have] = [wanted.default, found.default].map(formatDefault) as [string, string];
  if (want !== have) {
    const isStored = (kind: ColumnDefault["kind"] = "DEFAULT") => STORED.includes(kind);
    const values = { aspect: aspect("default"), wanted: want, found: have };
    if (isStored(wanted.default?.kind) && isStored(found.default?.kind)) {
      const statement =
        want === "" ? `${alter} MODIFY COLUMN ${name} REMOVE ${found.default?.kind}` : `${modify} ${want}`;
      parts.push({ ...values, fix: "in place", statements: [statement] });
    } else {
      const reason = "an ALIAS or EPHEMERAL column keeps no values, another does";
      parts.push({ ...values, fix: "refused", reason, statements: [] });
    }
  }

  if (wanted.codec !== found.codec) {
    parts.push({
      aspect: aspect("codec"),
      wanted: wanted.codec ?? "",
      found: found.codec ?? "",
      fix: "in place",
      statements: [
        wanted.codec === undefined
          ? `${alter} MODIFY COLUMN ${name} REMOVE CODEC`
          : `${modify} ${wanted.codec}`,
      ],
    });
  }

  parts.push(
    ...compareTtl(aspect("TTL"), wanted.ttl, found.ttl, {
      set: `${modify} TTL ${wanted.ttl}`,
      remove: `${alter} MODIFY COLUMN ${name} REMOVE TTL`,
    }),
  );

  if ((wanted.comment ?? "") !== (found.comment ?? "")) {
    parts.push({
      aspect: aspect("comment"),
      wanted: wanted.comment ?? "",
      found: found.comment ?? "",
      fix: "in place",
      statements: [`${alter} COMMENT COLUMN ${name} ${quoteText(wanted.comment ?? "")}`],
    });
  }

  if (wanted.rest !== found.rest) {
    parts.push({
      aspect: aspect("statistics and settings"),
      wanted: wanted.rest ?? "",
      found: found.rest ?? "",
      fix: "refused",
      reason: "no statement is known that changes this alone",
      statements: [],
    });
  }
  return parts;
}

function formatDefault(value: ColumnDefault | undefined): string {
  return value === undefined ? "" : `${value.kind} ${value.expression}`.trimEnd();
}
