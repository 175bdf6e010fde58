import { readSchemaFiles } from "../../../warehouse/schema/source";
import { startLookAhead } from "../../support/look-ahead";
import { ROOT } from "../../support/stack";
import { warehouseOverHttp, type OwnWarehouse } from "./warehouse";

/** Starts ClickHouse 26.7 with all of `sql/` in it; its users are there from the beginning. */
export async function startLookAheadWarehouse(): Promise<OwnWarehouse> {
  const { httpUrl, password, stop } = await startLookAhead();
  const warehouse = warehouseOverHttp(httpUrl, () => password);
  const statements = readSchemaFiles(ROOT)
    .flatMap((file) => file.statements)
    .filter(({ kind }) => kind !== "access");
  const install = async (): Promise<void> => {
    for (const { text } of statements) await warehouse.run(text);
  };
  try {
    await install();
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...warehouse, install, close: stop };
}
