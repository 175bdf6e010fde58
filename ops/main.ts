import { buildProgram, runProgram } from "./command";
import { commands } from "./commands";
import { addCompletion, COMPLETE } from "./commands/complete";

const program = buildProgram(commands);
// It adds the command that a shell asks at every TAB, which others need not load.
if (process.argv[2] === COMPLETE) addCompletion(program);
void runProgram(program);
