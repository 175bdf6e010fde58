/**
 * Bundles the two Pulumi provider plugins: `node toolchain/plugins/build.mjs OUT`.
 *
 * Writes OUT/resource-docker-v5.2.0/pulumi-resource-docker and OUT/resource-command-v1.2.1/pulumi-resource-command,
 * each an executable shell file beside its `plugin.cjs`. The result holds no path of this checkout: it is cached and
 * shared by clones.
 */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const plugins = [
  { name: "docker", version: "5.2.0" },
  { name: "command", version: "1.2.1" },
];

const launcher = (executable) => `#!/bin/sh
command -v node >/dev/null || { echo "${executable}: node is not on PATH; \\\`make up\\\` puts it there" >&2; exit 1; }
exec node "$(dirname "$0")/plugin.cjs" "$@"
`;

async function bundle(out, { name, version }) {
  const folder = join(out, `resource-${name}-v${version}`);
  const executable = `pulumi-resource-${name}`;
  await mkdir(folder, { recursive: true });
  await build({
    absWorkingDir: here,
    entryPoints: [join(name, "main.ts")],
    outfile: join(folder, "plugin.cjs"),
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    minify: true,
    keepNames: true, // grpc-js and the stubs print class names in their errors
    legalComments: "none",
    tsconfigRaw: {}, // the checkout's compiler options are not an input of the bundle
    logLevel: "warning",
  });
  await writeFile(join(folder, executable), launcher(executable));
  await chmod(join(folder, executable), 0o755);
}

const out = process.argv[2];
if (out === undefined) {
  process.stderr.write("usage: node toolchain/plugins/build.mjs OUT\n");
  process.exit(2);
}
await Promise.all(plugins.map((plugin) => bundle(resolve(out), plugin)));
