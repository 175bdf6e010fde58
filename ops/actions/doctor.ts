import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "../../images";
import { EXIT } from "../../exit-codes";
import { follow } from "../interruption";

/** The same as `make doctor`: a script, as it must also work where there is no Node yet. Exit code 1 when something is missing. */
export async function doctor(): Promise<void> {
  const script = spawn(join(ROOT, "toolchain/doctor"), { stdio: "inherit" });
  follow(script, "end");
  const [code, signal] = (await once(script, "close")) as [number | null, NodeJS.Signals | null];
  // Whoever reads has read enough.
  process.exitCode = signal === "SIGPIPE" ? EXIT.ok : (code ?? EXIT.error);
}
