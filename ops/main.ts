import { EXIT } from "../exit-codes";
import { buildProgram, runProgram } from "./command";
import { commands } from "./commands";
import { addCompletion, COMPLETE } from "./commands/complete";
import { watchInterrupts } from "./interruption";

watchInterrupts();
for (const stream of [process.stdout, process.stderr]) stream.on("error", onOutputError);
const program = buildProgram(commands);
// It adds the command that a shell asks at every TAB, which others need not load.
if (process.argv[2] === COMPLETE) addCompletion(program);
void runProgram(program);

/**
 * Whoever reads the output may have read enough (`| head -1`): the command goes on to its end, so that nothing stays half done,
 * and ends with its own exit code.
 */
function onOutputError({ code, message }: NodeJS.ErrnoException): void {
  if (code === "EPIPE") return;
  process.stderr.write(
    `zakaz: The output cannot be written (${code ?? message}): make room, or send it elsewhere\n`,
  );
  process.exitCode = EXIT.error;
}
