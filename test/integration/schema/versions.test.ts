import { expect, it } from "vitest";
import { compareAccess } from "../../../warehouse/access/compare";
import { declaredAccess } from "../../../warehouse/access/declared";
import { readAccess } from "../../../warehouse/access/server-state";
import { declaredState } from "../../../warehouse/declared";
import { compareSchemas } from "../../../warehouse/schema/compare";
import { readSource, wantedSchema } from "../../../warehouse/schema/read";
import { readSchema } from "../../../warehouse/schema/server-state";
import { schemaStatements } from "../../../warehouse/schema/source";
import { DATABASES } from "../../../warehouse/catalogue";
import { startServer } from "../../support/server";
import { wholeSql } from "../../support/sql";
import { SchemaServer } from "./support";

/** `sql/` is declared by an empty server of one version, and installed on a server of another. */
it.each([
  ["24.8.4", "25.8.2"],
  ["25.8.2", "24.8.4"],
] as const)("an empty server of %s finds no drift on one of %s", async (empty, version) => {
  const server = await startServer({ version });
  const { warehouse: live } = new SchemaServer(server);
  try {
    expect((await server.client(["--multiquery"], wholeSql())).code).toBe(0);
    const statements = schemaStatements();
    const declared = await declaredState(statements, empty);
    const found = await readSchema(live, [...DATABASES]);
    expect(compareSchemas(wantedSchema(readSource(), declared.schema), found)).toEqual([]);

    const { state, privileges } = await readAccess(live);
    const access = await declaredAccess(declared.access, [], live);
    expect(compareAccess(access, state, privileges)).toEqual([]);

    // That nothing differs is worth something only where a difference is seen.
    await live.command("ALTER TABLE zakaz.dim_events COMMENT COLUMN city 'another'");
    await live.command("REVOKE SELECT ON bi.v_sales_daily FROM role_bi_reader");
    const drifted = await readAccess(live);
    const seen = [
      ...compareSchemas(wantedSchema(readSource(), declared.schema), await readSchema(live, [...DATABASES])),
      ...compareAccess(access, drifted.state, privileges),
    ];
    expect(seen).toMatchObject([
      { object: "zakaz.dim_events", aspect: "column city: comment" },
      { text: "role_bi_reader lacks SELECT ON bi.v_sales_daily" },
    ]);
  } finally {
    await live.close();
    await server.stop();
  }
});
