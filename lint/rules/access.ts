import type { GivenRight } from "../rights";
import { mentionsIn } from "../code/queries";
import { users } from "../../warehouse/catalogue";
import { writtenTables } from "../../loaders/sources";
import { AGREEMENTS, neededRights } from "../../warehouse/access/agreements";
import { at, lineOf, type Finding } from "../finding";
import { createdObjects, type Inspection } from "../inspection";

/** A right that somebody needs, and where that shows. */
interface NeededRight {
  user: string;
  right: string;
  on: string;
  file: string;
  line: number;
  by: string;
}

const SYSTEM = /^(?:system|INFORMATION_SCHEMA|information_schema)\./;

/** Every grant names what exists; everybody has the rights that the code, the views and the agreements need, and no more. */
export function access(inspection: Inspection): Finding[] {
  const { rights } = inspection;
  const needed = [
    ...rightsOfCode(inspection),
    ...rightsOfViews(inspection),
    ...rightsByAgreement(inspection),
  ];
  return [
    ...rights.flatMap((given) => danglingGrants(given, inspection)),
    ...missingRights(
      rights,
      needed.filter(({ on }) => on.endsWith(".*") || SYSTEM.test(on) || inspection.live.has(on)),
    ),
    ...surplusRights(rights, needed, inspection),
  ];
}

/** A grant may name what there is not; whoever gets it is there, or the server would have refused. */
function danglingGrants(
  { on, right, grantee, statement }: GivenRight,
  { live, canon }: Inspection,
): Finding[] {
  const exists = on.endsWith(".*")
    ? canon.has(on.slice(0, -2))
    : live.has(on) || canon.has(on) || SYSTEM.test(on);
  if (exists) return [];
  const wrong = `a grant of ${right} to ${grantee} names it, and it does not exist`;
  return [at(statement, on, wrong, "an object of sql/")];
}

function missingRights(rights: GivenRight[], needed: NeededRight[]): Finding[] {
  const lacking = needed.filter(
    (need) => need.user !== users.admin && !rights.some((given) => covers(given, need)),
  );
  const first = new Map(lacking.map((need) => [key(need), need] as const).reverse());
  return [...first.values()].map(({ user, right, on, file, line, by }) => ({
    file,
    line,
    object: on,
    wrong: `${user} lacks ${right}, needed by ${by}`,
    expected: `GRANT ${right} ON ${on} in sql/10_access.sql`,
  }));
}

function surplusRights(
  rights: GivenRight[],
  needed: NeededRight[],
  { live, queries }: Inspection,
): Finding[] {
  const used = new Set(needed.map(key));
  // Of a statement that does not say who runs it, only that is reported.
  const open = queries.filter(({ user }) => user === undefined).flatMap(({ mentions }) => mentions);
  return rights
    .filter(({ on }) => live.has(on) || on.endsWith(".*") || SYSTEM.test(on))
    .filter((given) => !given.users.some((user) => used.has(key({ ...given, user }))))
    .filter(({ right, on }) => !open.some((mention) => mention.object === on && mention.right === right))
    .map(({ grantee, right, on, statement }) => {
      const wrong = `${grantee} has ${right}, and nothing uses it`;
      const expected = `no more rights than the code, the views and ${AGREEMENTS} use`;
      return { ...at(statement, on, wrong, expected, "GRANT"), harmless: true };
    });
}

function covers(given: GivenRight, need: NeededRight): boolean {
  const object = given.on === need.on || given.on === `${need.on.split(".")[0]}.*`;
  return object && given.right === need.right && given.users.includes(need.user);
}

function rightsOfCode({ queries, columnLists }: Inspection): NeededRight[] {
  const ofQueries = queries.flatMap(({ user, file, line, mentions }) => {
    if (user === undefined) return [];
    return (
      mentions
        // Reading system.columns and system.tables shows what the user may see anyway.
        .filter(({ object }) => !SYSTEM.test(object))
        .map(({ object, right }) => ({ user, right, on: object, file, line, by: "a query here" }))
    );
  });
  const ofLists = columnLists
    .filter(({ writes }) => writes)
    .map(({ file, line, table }) => ({
      user: users.loader,
      right: "INSERT",
      on: table,
      file,
      line,
      by: "an insert here",
    }));
  return [...ofQueries, ...ofLists];
}

/** Views, and the materialized view, read and write as their definer. */
function rightsOfViews(inspection: Inspection): NeededRight[] {
  const kinds = ["create_view", "create_materialized_view"] as const;
  return kinds
    .flatMap((kind) => createdObjects(inspection, kind))
    .flatMap(({ object: { name }, statement }) =>
      mentionsIn(statement.text)
        .filter(({ object }) => object !== name)
        .map(({ object, right }) => ({
          user: users.definer,
          right,
          on: object,
          file: statement.file,
          line: lineOf(statement, [object.split(".")[1] ?? ""]),
          by: name,
        })),
    );
}

function rightsByAgreement({ canon }: Inspection): NeededRight[] {
  return neededRights(canon.keys(), writtenTables()).flatMap(({ user, rights, on, file, because }) =>
    on.flatMap((object) => rights.map((right) => ({ user, right, on: object, file, line: 1, by: because }))),
  );
}

function key({ user, right, on }: Pick<NeededRight, "user" | "right" | "on">): string {
  return `${user} ${right} ${on}`;
}
