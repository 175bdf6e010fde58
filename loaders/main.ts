import { main as plan } from "./sales-plan/main";
import { main as qtickets } from "./qtickets/main";

/** The programs of the image: `plan …` imports a plan of sales, everything else is the Qtickets loader. */
const [first, ...rest] = process.argv.slice(2);
const program = first === "plan" ? plan(rest) : qtickets(process.argv.slice(2));
void program.then((code) => process.exit(code));
