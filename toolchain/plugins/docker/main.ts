/** The plugin `pulumi-resource-docker`: see README.md beside this folder. */
import { endWithParent } from "../common/lifetime";
import { serveProvider } from "../common/serve";
import { Adapter } from "./adapter";
import { Bridge, bridgePrograms, programFolders } from "./bridge";

async function main(): Promise<void> {
  const programs = bridgePrograms(programFolders());
  const bridge = new Bridge(programs.bridge, process.argv.slice(2), programs.upstream);
  const adapter = new Adapter(bridge);
  endWithParent(async () => {
    bridge.kill();
    await adapter.leftovers.abandonAll();
  });
  await serveProvider(adapter.handlers());
}

main().catch((error: unknown) => {
  process.stderr.write(`pulumi-resource-docker: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
