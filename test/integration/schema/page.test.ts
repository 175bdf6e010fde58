import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { schemaDocuments } from "../../../docs/schema";

it("docs/schema.md and docs/schema.svg show the schema as a server has it (npx tsx docs/schema.ts writes them)", async () => {
  for (const [name, content] of Object.entries(await schemaDocuments())) {
    expect(readFileSync(join(__dirname, "../../../docs", name), "utf8"), name).toBe(content);
  }
});
