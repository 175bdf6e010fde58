import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startVkSandbox } from "../../../../sandbox/vk-ads/sandbox";
import { costRows, runVk, startVkWarehouse, vkJournal, type VkWarehouse } from "./support";

let warehouse: VkWarehouse;
beforeAll(async () => {
  warehouse = await startVkWarehouse();
});
afterAll(() => warehouse.close());
beforeEach(() => warehouse.reset());

test("both APIs load what the sandbox expects", async () => {
  const sandbox = await startVkSandbox({ accounts: ["1001", "1002"] });
  const [first, , , second] = sandbox.clients;
  const settings = warehouse.settings({ url: sandbox.url, clients: [first!, second!] });
  const run = await runVk(settings);
  console.log(run.log);
  console.log(JSON.stringify(await vkJournal(warehouse), null, 1));
  console.log(
    (await costRows(warehouse, "fact_vk_ads_daily")).slice(0, 5),
    sandbox.expected("1001", "2026-11-20", "2026-11-28").slice(0, 3),
  );
  expect(run.code).toBe(0);
  await sandbox.close();
});
