/** The plugin `pulumi-resource-command`: see README.md beside this folder. */
import { endWithParent } from "../common/lifetime";
import { serveProvider } from "../common/serve";
import { CommandProvider } from "./provider";

const engineAddress = process.argv.slice(2).findLast((argument) => /^[^-].*:\d+$/.test(argument)) ?? "";
const provider = new CommandProvider(engineAddress);
endWithParent(() => provider.runner.cancel());
serveProvider(provider.handlers()).catch((error: unknown) => {
  process.stderr.write(
    `pulumi-resource-command: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
});
