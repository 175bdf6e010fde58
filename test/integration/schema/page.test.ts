import { expect, it } from "vitest";
import { drawSchema } from "../../../docs/draw/diagram";
import { readSchema } from "../../../docs/draw/lineage";
import { schemaPage } from "../../../docs/draw/page";
import { startServer } from "../../support/server";
import { installWarehouse } from "../sql/server-warehouse";

it("docs/schema.md and docs/schema.svg show the schema as a server has it", async () => {
  const db = await installWarehouse(await startServer());
  try {
    const objects = await readSchema((query) => db.server.sql(query));
    await expect(schemaPage(objects)).toMatchFileSnapshot("../../../docs/schema.md");
    await expect(await drawSchema(objects)).toMatchFileSnapshot("../../../docs/schema.svg");
  } finally {
    await db.close();
  }
});
