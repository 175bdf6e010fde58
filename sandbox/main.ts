import { startServer } from "./server";
import { readSettings } from "./settings";
import { vendorsWithClients } from "./vendor";
import { vendors } from "./vendors";

/** The container: listens on 8080, logs its start, stops at once when it is asked to. */
async function main(): Promise<void> {
  const { clients, faults, ...data } = readSettings(process.env);
  const served = vendorsWithClients(vendors, clients, data);
  const server = await startServer(served, { host: "0.0.0.0", port: 8080, faults });
  for (const { basePath, api } of served) {
    process.stdout.write(
      `sandbox: ${server.origin}${basePath}, seed ${data.seed}, ${api.summary()}, ${faults.length} faults\n`,
    );
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void server.close());
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`sandbox: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
