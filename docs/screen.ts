import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HTTP_PORT, NATIVE_PORT } from "../components/names";
import { ROOT } from "../images";
import { drawTerminal } from "./draw/terminal";

/** Yesterday's revenue, as README.md tells to ask for it. */
const QUERY =
  "SELECT d, sum(revenue), sum(tickets_sold) FROM bi.v_sales_daily WHERE d = yesterday() GROUP BY d";

/** A setting of the selected stack; empty where it has the program's own default. */
function setting(key: string): string {
  const json = execFileSync("pulumi", ["config", "--json"], { cwd: ROOT }).toString();
  return (JSON.parse(json) as Record<string, { value?: string }>)[`zakaz:${key}`]?.value ?? "";
}

/**
 * The screen of the selected stack, which must be up: what `status` shows in colours, and the answer to a query of the reader.
 * A stack that lives beside another one is shown under the ordinary names and ports, as the documents have them.
 */
async function screen(): Promise<string> {
  const httpPort = setting("httpPort") || String(HTTP_PORT);
  const nativePort = setting("nativePort") || String(NATIVE_PORT);
  const instance = setting("instance");
  const env = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: "1" };
  const status = execFileSync("node", ["ops/zakaz.cjs", "status"], { cwd: ROOT, env }).toString();
  const password = execFileSync("pulumi", ["config", "get", "zakaz:datalensPassword"], { cwd: ROOT })
    .toString()
    .trim();
  const authorization = `Basic ${Buffer.from(`datalens_reader:${password}`).toString("base64")}`;
  const answer = await fetch(`http://127.0.0.1:${httpPort}/`, {
    method: "POST",
    body: QUERY,
    headers: { authorization },
  });
  const revenue = await answer.text();
  if (!answer.ok || revenue === "") throw new Error(`The reader is told nothing of yesterday: ${revenue}`);
  return [
    "$ npx zakaz status",
    status.trimEnd(),
    "",
    `$ curl -u datalens_reader http://localhost:${HTTP_PORT}/ \\`,
    `    --data "${QUERY}"`,
    revenue,
  ]
    .join("\n")
    .replaceAll(instance === "" ? "\0" : `-${instance}`, "")
    .replaceAll(`:${httpPort}`, `:${HTTP_PORT}`)
    .replaceAll(`:${nativePort}`, `:${NATIVE_PORT}`);
}

async function writeScreen(): Promise<void> {
  writeFileSync(join(__dirname, "screen.svg"), drawTerminal(await screen()));
}

if (require.main === module) void writeScreen();
