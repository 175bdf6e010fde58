import { startSandbox } from "./server";
import { readSettings } from "./settings";

/** The container: listens on 8080, logs its start, leaves at once when it is asked to. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const sandbox = await startSandbox({ ...settings, host: "0.0.0.0", port: 8080 });
  const { length: orders } = sandbox.data.orders();
  process.stdout.write(
    `sandbox: ${sandbox.url}, seed ${settings.seed}, ${orders} orders, ${settings.events} events, ${settings.faults.length} faults\n`,
  );
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void sandbox.close());
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`sandbox: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
