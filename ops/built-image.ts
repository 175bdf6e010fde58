import { join } from "node:path";
import { ROOT, prepareImage, type ImageRecipe } from "../images";
import { docker } from "./docker";
import { Failure } from "./failure";

/**
 * The image of a recipe, named by its content: found under whatever name this machine has it, built when it has not.
 * Older images of the same name are removed, unless a container uses them.
 * @param name repository of the image
 * @returns `<name>:<hash>`
 * @throws Failure with the end of the build's output, or that Docker does not answer
 */
export async function ensureImage(name: string, recipe: ImageRecipe): Promise<string> {
  const [hash, images] = await Promise.all([prepareImage(recipe), imageNames()]);
  const wanted = `${name}:${hash}`;
  if (images.includes(wanted)) return wanted;
  const same = images.find((image) => image.endsWith(`:${hash}`));
  if (same !== undefined) await docker(["tag", same, wanted]);
  else await buildImage(wanted, recipe);
  const old = images.filter((image) => image.startsWith(`${name}:`));
  // Without --force an image that a container uses stays.
  if (old.length > 0) await docker(["rmi", ...old]);
  return wanted;
}

async function imageNames(): Promise<string[]> {
  const list = await docker(["images", "--format", "{{.Repository}}:{{.Tag}}"]);
  if (list.code !== 0)
    throw new Failure("Docker does not answer: see what is wrong with make doctor", undefined, {
      cause: new Error(list.stderr.trim()),
    });
  return list.stdout.split("\n").filter(Boolean);
}

async function buildImage(image: string, recipe: ImageRecipe): Promise<void> {
  process.stderr.write(`Building ${image}, once for this version of its sources …\n`);
  const context = join(ROOT, recipe.context);
  // The classic builder is in every engine; the base images are local ones, made by set-up.
  const built = await docker(
    ["build", "-q", "-t", image, "-f", join(context, recipe.dockerfile), context],
    "",
    {
      env: { DOCKER_BUILDKIT: "0" },
    },
  );
  if (built.code !== 0)
    throw new Failure(
      `Image ${image} could not be built: ${built.stderr.trim().split("\n").slice(-3).join("\n")}`,
    );
}
