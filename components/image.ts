import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { prepareImage, type ImageRecipe } from "../images";

export interface BuiltImageArgs {
  /** Name of the image without its tag. */
  repository: string;
  /** What is built. */
  recipe: ImageRecipe;
}

/**
 * An image built here and removed with the stack.
 * It is named by its content: with a fixed tag a rebuild would create the new image and then delete it again
 * by the name of the old one.
 */
export class BuiltImage extends pulumi.ComponentResource {
  /** Id of the image, for containers to run. */
  readonly imageId: pulumi.Output<string>;
  /** `<repository>:<hash>`. */
  readonly reference: pulumi.Output<string>;

  constructor(name: string, args: BuiltImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:image:BuiltImage", name, {}, opts);

    const image = new docker.RemoteImage(
      `${name}-image`,
      {
        name: pulumi.interpolate`${args.repository}:${prepareImage(args.recipe)}`,
        build: {
          context: args.recipe.context,
          dockerfile: args.recipe.dockerfile,
          // The base images are local ones, made by set-up.
          pullParent: false,
          remove: true,
          forceRemove: true,
        },
        forceRemove: true,
        keepLocally: false,
      },
      { parent: this },
    );

    this.imageId = image.imageId;
    this.reference = image.name;
    this.registerOutputs({ imageId: this.imageId, reference: this.reference });
  }
}
