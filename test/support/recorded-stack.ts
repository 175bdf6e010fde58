import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, ROOT, run } from "./stack";

/** By these Pulumi knows a secret in its state. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/**
 * A stack of the real Pulumi, in a folder of its own, that says of itself what a test gives: to every reader it is up, and
 * nothing of it was ever deployed.
 */
export class RecordedStack {
  readonly name = "recorded";
  readonly folder = mkdtempSync(join(tmpdir(), "zakaz-recorded-"));
  /** Pulumi's surroundings: no secret of the checkout's, and no state of it. */
  readonly env: NodeJS.ProcessEnv;

  private constructor() {
    for (const name of ["state", "home"]) mkdirSync(join(this.folder, name));
    cpSync(join(ROOT, "Pulumi.yaml"), join(this.folder, "Pulumi.yaml"));
    const { PULUMI_CONFIG_PASSPHRASE_FILE: _, ...environment } = process.env;
    this.env = {
      ...environment,
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_STACK: this.name,
      PULUMI_CONFIG_PASSPHRASE: "right",
    };
  }

  /** @param secret name of the output that is encrypted */
  static async make<T extends object>(outputs: T, secret: keyof T & string): Promise<RecordedStack> {
    const stack = new RecordedStack();
    await stack.pulumi(["stack", "init", "--no-select", stack.name]);
    await stack.pulumi(["config", "set", "--secret", "recorded"], JSON.stringify(outputs[secret]));
    const config = readFileSync(join(stack.folder, `Pulumi.${stack.name}.yaml`), "utf8");
    const ciphertext = /^ +secure: (\S+)$/m.exec(config)![1];
    await stack.pulumi(["config", "rm", "recorded"]);
    const state = JSON.parse(await stack.pulumi(["stack", "export"])) as { deployment: object };
    const type = "pulumi:pulumi:Stack";
    const root = {
      urn: `urn:pulumi:${stack.name}::zakaz::${type}::zakaz-${stack.name}`,
      custom: false,
      type,
      outputs: { ...outputs, [secret]: { [SIGNATURE]: SECRET, ciphertext } },
    };
    const file = join(stack.folder, "state.json");
    writeFileSync(file, JSON.stringify({ ...state, deployment: { ...state.deployment, resources: [root] } }));
    await stack.pulumi(["stack", "import", "--file", file]);
    return stack;
  }

  async pulumi(args: string[], input = ""): Promise<string> {
    const options = { cwd: this.folder, env: this.env, input };
    return (await must(run("pulumi", [...args, "--non-interactive"], options))).stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
