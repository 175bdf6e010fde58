import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { build } from "esbuild";
import { ROOT, recipes } from "../../images";
import { docker } from "../docker";
import { requireImage } from "../loader";
import { Failure } from "../../warehouse/failure";
import { DEFAULT_JOB } from "../../loaders/sources";
import type { TargetFlag } from "../command";
import { writeOutput } from "../output";
import { findSource } from "../source";
import { readLoaderTarget } from "../stack";

export interface SbomFlags extends TargetFlag {
  /** The image; undefined: that of the stack. */
  image?: string;
  /** File to write; undefined: standard output. */
  out?: string;
}

/** A part of the image: what it is called, which version, under which licence. */
interface Part {
  /** Package URL, https://github.com/package-url/purl-spec. */
  purl: string;
  name: string;
  version: string;
  license?: string;
}

/**
 * Bill of materials of the loader's image, as CycloneDX 1.6 JSON: npm packages that are in the bundle, Node, packages of
 * the operating system.
 * @throws Failure when the stack is not up or its image is gone
 */
export async function sbom({ target, out, image: named }: SbomFlags): Promise<void> {
  const image = named ?? (await readLoaderTarget(findSource(DEFAULT_JOB, "api"), target)).image;
  await requireImage(image);
  const parts = [...(await bundledPackages()), await nodeOf(image), ...(await systemPackages(image))];
  const bom = new Models.Bom();
  bom.metadata.component = new Models.Component(Enums.ComponentType.Container, "qtickets_api", {
    version: image,
    bomRef: image,
  });
  for (const part of parts) bom.components.add(componentOf(part));
  const json = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)).serialize(
    bom,
    { sortLists: true, space: 2 },
  );
  if (out === undefined) {
    process.stdout.write(`${json}\n`);
  } else {
    writeOutput(out, `${json}\n`);
    process.stdout.write(`${out}: ${parts.length} components of ${image}\n`);
  }
}

function componentOf({ purl, name, version, license }: Part): Models.Component {
  const component = new Models.Component(Enums.ComponentType.Library, name, { version, purl, bomRef: purl });
  if (license !== undefined) component.licenses.add(new Models.NamedLicense(license));
  return component;
}

/** npm packages that esbuild puts into the loader's bundle; what it leaves out is not in the image. */
async function bundledPackages(): Promise<Part[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: recipes.loader.entries,
    outdir: recipes.loader.dist,
    bundle: true,
    platform: "node",
    target: "node22",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const folders = new Set(
    Object.keys(metafile.inputs).flatMap((path) => {
      const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path) ?? [];
      return folder === undefined ? [] : [folder];
    }),
  );
  return [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(ROOT, folder, "package.json"), "utf8"),
    ) as { name: string; version: string; license?: string };
    const part = { purl: `pkg:npm/${name.replace("@", "%40")}@${version}`, name, version };
    return license === undefined ? part : { ...part, license };
  });
}

async function nodeOf(image: string): Promise<Part> {
  const version = (await inImage(image, "node", "-p", "process.versions.node")).trim();
  return { purl: `pkg:generic/node@${version}`, name: "node", version, license: "MIT" };
}

async function systemPackages(image: string): Promise<Part[]> {
  const list = await inImage(image, "dpkg-query", "-W", "-f", "${Package}\\t${Version}\\t${Architecture}\\n");
  return list
    .trim()
    .split("\n")
    .map((line) => line.split("\t") as [string, string, string])
    .map(([name, version, architecture]) => ({
      purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`,
      name,
      version,
    }));
}

/** Output of one command in a new container of the image, without network. */
async function inImage(image: string, command: string, ...args: string[]): Promise<string> {
  const run = ["run", "--rm", "--network", "none", "--entrypoint", command, image];
  const result = await docker([...run, ...args], "", { atInterrupt: "wait" });
  if (result.code !== 0)
    throw new Failure(
      `The loader's image ${image} cannot be looked into (${result.stderr.trim()}): build it with make up`,
    );
  return result.stdout;
}
