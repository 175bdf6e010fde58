import { EXIT } from "../../exit-codes";
import { Failure } from "../../warehouse/failure";
import { inspectContainer } from "../container";
import { docker } from "../docker";
import { readTarget } from "../stack";

/**
 * Has the alerts' container send a test by each of its channels: what it says is where and as whom real alerts go.
 * @throws Failure naming the channels that did not take it; 3 when some did
 */
export async function alertTest(from: string | undefined): Promise<void> {
  const target = await readTarget("alertsTarget", from);
  if (target === undefined) {
    throw new Failure(
      "Alerts are not switched on in the selected stack: pulumi config set --path zakaz:alerts.enabled true, then pulumi up",
      EXIT.usage,
    );
  }
  const { container } = target;
  const { status } = await inspectContainer(container);
  if (status !== "running") {
    throw new Failure(
      `The container of the alerts, ${container}, is ${status}: start it with docker start ${container}, or make up`,
    );
  }
  const { code, stdout, stderr } = await docker(["exec", container, "node", "/app/alerts.js", "test"]);
  process.stdout.write(stdout);
  if (code === EXIT.ok) return;
  const failed = stdout.split("\n").filter((line) => line.includes(": failed"));
  if (failed.length === 0) {
    throw new Failure(`The test of the alerts ended with code ${code}: ${stderr.trim().split("\n")[0]}`);
  }
  throw new Failure(
    `The test message did not get through: ${failed.join(", ")}. See zakaz:alertChannels (docs/alerts.md), then npx zakaz alert-test`,
    code,
  );
}
