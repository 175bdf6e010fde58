import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../images";
import { describeFinding } from "../lint/finding";
import { loadTwice } from "../lint/install";
import { Scratch } from "../warehouse/scratch";
import { readSchemaFiles } from "../warehouse/schema/source";
import { drawSchema } from "./draw/diagram";
import { readSchema } from "./draw/lineage";
import { schemaPage } from "./draw/page";

/** The schema's page and its picture, by file name, as an empty server with `sql/` in it has them. */
export async function schemaDocuments(): Promise<Record<string, string>> {
  const scratch = await Scratch.start();
  try {
    const refused = await loadTwice(scratch, readSchemaFiles(ROOT));
    if (refused.length > 0) throw new Error(refused.map(describeFinding).join("\n"));
    const objects = await readSchema((query) => scratch.rows(query));
    return { "schema.md": schemaPage(objects), "schema.svg": await drawSchema(objects) };
  } finally {
    await scratch.stop();
  }
}

async function writeDocuments(): Promise<void> {
  for (const [name, content] of Object.entries(await schemaDocuments())) {
    writeFileSync(join(__dirname, name), content);
  }
}

if (require.main === module) void writeDocuments();
