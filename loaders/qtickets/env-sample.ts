import { envSample } from "../core/config";
import { settingsSchema } from "./settings";

const HEADER = [
  "Settings of the Qtickets loader. Made from loaders/qtickets/settings.ts; after a change there run",
  "  npx tsx loaders/qtickets/env-sample.ts > loaders/.env.qtickets_api.sample",
  "",
  "Copy it to a file of mode 600 outside the repository and fill in the secrets. Plain NAME=value lines: quotes, blanks",
  "and $ are taken as they are. A line that is commented out shows the default.",
];

/** The text of loaders/.env.qtickets_api.sample. */
export function qticketsEnvSample(): string {
  return envSample(settingsSchema, HEADER);
}

if (require.main === module) process.stdout.write(qticketsEnvSample());
