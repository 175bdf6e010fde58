import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { secretKeys } from "../config/secrets";
import { settings } from "../config/settings";
import { LEAST_DISTINCT, SHORTEST_PASSWORD } from "../config/strength";
import { sources } from "../loaders/sources";

/** The page that describes every key of a stack's configuration, as the program reads it. */
export function configurationPage(): string {
  const rows = Object.entries(settings.shape).map(([key, shape]) => {
    const fallback = shape.safeParse(undefined);
    const value = fallback.data === undefined ? "–" : `\`${JSON.stringify(fallback.data)}\``;
    return `| \`zakaz:${key}\` | ${value} | ${shape.description} |`;
  });
  const secrets = Object.entries(secretKeys).map(([key, { about }]) => `| \`zakaz:${key}\` | ${about} |`);
  return `# Configuration

Keys of a stack. Set one with \`pulumi config set zakaz:<key> <value>\`, a secret with \`pulumi config set --secret zakaz:<key>\`,
which asks for the value. An unknown key, a bad value, a missing secret, settings that contradict each other: \`pulumi preview\` and
\`up\` name all of them at once with the commands that fix them, and do nothing else. This page is made by
\`npx tsx docs/configuration.ts\` from \`config/\` and the sources' descriptors; a test compares them.

| key | default | what it says |
|---|---|---|
${rows.join("\n")}

## Secrets

Without a default, stored encrypted. Each is required. Those of ${conditional().join(", of ")} are required where it
is switched on, and refused where it is not.

| key | what it is |
|---|---|
${secrets.join("\n")}

On stack \`dev\` the samples of README.md are allowed. Every other stack refuses a password that is a sample, shorter than
${SHORTEST_PASSWORD} characters, made of fewer than ${LEAST_DISTINCT} different characters, counts up or down, contains its user's name, or equals another
secret. A token's length is its vendor's; it must not be a sample or equal a password. ${keyLengths().join(" ")} That holds on
stack \`dev\` too: \`openssl rand -hex 32\` prints one. A secret holds no line break, no quotation mark, no backslash, and does not
begin or end with a blank. \`npx zakaz rotate <name>\` makes a strong password and puts it to use.
`;
}

/** Data sets, switched sources and settings whose secrets are not needed by every stack. */
function conditional(): string[] {
  const all = sources.flatMap((source) =>
    Object.values(source.secrets).flatMap(({ dataset }) => {
      if (dataset !== undefined) return [`the data set \`${dataset}\``];
      return source.switch === undefined ? [] : [`\`zakaz:${source.switch.key}\``];
    }),
  );
  return [...new Set([...all, "`s3` in `zakaz:backup`"])];
}

/** What an operator's key must be, one sentence each. */
function keyLengths(): string[] {
  return Object.entries(secretKeys).flatMap(([key, { source }]) =>
    source?.kind === "key" ? [`\`${key}\` has ${source.shortest} characters or more.`] : [],
  );
}

if (require.main === module) writeFileSync(join(__dirname, "configuration.md"), configurationPage());
