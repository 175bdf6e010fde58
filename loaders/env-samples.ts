import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { envSample } from "./core/setting";
import { sources, type RegisteredSource } from "./sources";

/** Path of the sample of an environment file, relative to `loaders/`. */
export function samplePath({ folder }: Pick<RegisteredSource, "folder">): string {
  return join(folder, ".env.sample");
}

/** The sample of a source's environment file: every setting with its form and default. */
export async function sampleOf(source: RegisteredSource): Promise<string> {
  const { settingsSchema } = await source.loadModule();
  return envSample(settingsSchema, [
    `Settings of the job ${source.job} (${source.title}). Made from loaders/${source.folder}/settings.ts; after a change there run`,
    "  npx tsx loaders/env-samples.ts",
    "",
    "Copy it to a file of mode 600 outside the repository and fill in the secrets. Plain NAME=value lines: quotes, blanks",
    "and $ are taken as they are. A line that is commented out shows the default.",
  ]);
}

async function writeSamples(): Promise<void> {
  for (const source of sources) writeFileSync(join(__dirname, samplePath(source)), await sampleOf(source));
}

if (require.main === module) void writeSamples();
