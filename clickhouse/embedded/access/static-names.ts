import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { XMLParser } from "fast-xml-parser";
import type { StaticNames } from "../../access/apply";
import type { EntityKind } from "../../access/model";

type UsersXml = Partial<Record<EntityKind, Record<string, unknown> | string>>;

/** Names of users, roles, profiles and quotas in users.xml and users.d, but for the rendered file. */
export function readStaticNames(folder: string, renderedFile: string): StaticNames {
  const names = {
    users: new Set<string>(),
    roles: new Set<string>(),
    profiles: new Set<string>(),
    quotas: new Set<string>(),
  };
  const additions = readdirSync(join(folder, "users.d")).filter(
    (file) => file.endsWith(".xml") && file !== renderedFile,
  );
  for (const file of ["users.xml", ...additions.map((name) => join("users.d", name))]) {
    const xml = new XMLParser().parse(readFileSync(join(folder, file), "utf8")) as { clickhouse?: UsersXml };
    for (const kind of Object.keys(names) as EntityKind[]) {
      const entities = xml.clickhouse?.[kind];
      for (const name of typeof entities === "object" ? Object.keys(entities) : []) names[kind].add(name);
    }
  }
  return names;
}
