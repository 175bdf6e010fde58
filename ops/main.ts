import { buildProgram, runProgram } from "./command";
import { commands } from "./commands";

void runProgram(buildProgram(commands));
