import { local } from "@pulumi/command";
import type { Container } from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

export interface SecretFileArgs {
  /** It must run: the file is written by a process in it, as its user. */
  container: Container;
  /** The file, in a folder of that user. */
  path: string;
  content: pulumi.Output<string>;
}

/**
 * A file with secrets in a running container, which only the container's user can read (mode 0400). A change replaces the file as
 * a whole and leaves the container alone: its program reads the file when it needs it. (Docker uploads files as root's, and gives
 * them to another user only if the host knows that user too.)
 */
export function secretFile(name: string, args: SecretFileArgs, opts: pulumi.ResourceOptions): local.Command {
  const script = `umask 277 && cat > ${args.path}.new && mv -f ${args.path}.new ${args.path}`;
  return new local.Command(
    name,
    {
      create: pulumi.interpolate`docker exec -i ${args.container.name} sh -c '${script}'`,
      stdin: pulumi.secret(args.content),
      triggers: [args.container.id],
      addPreviousOutputInEnv: false,
      logging: local.Logging.None,
    },
    opts,
  );
}
