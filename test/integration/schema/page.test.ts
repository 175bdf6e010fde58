import { expect, it } from "vitest";
import { drawSchema } from "../../../docs/draw/diagram";
import { readSchema } from "../../../docs/draw/lineage";
import { schemaPage } from "../../../docs/draw/page";
import { startServer } from "../../support/server";
import { installWarehouse } from "../sql/engine-warehouse";

it("docs/schema.md and docs/schema.svg show the schema as a server has it", async () => {
  const db = await installWarehouse(await startServer("25.8.2"));
  try {
    const objects = await readSchema(db.engine.sql);
    await expect(schemaPage(objects)).toMatchFileSnapshot("../../../docs/schema.md");
    await expect(await drawSchema(objects)).toMatchFileSnapshot("../../../docs/schema.svg");
  } finally {
    await db.close();
  }
});
