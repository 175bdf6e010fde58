import type { CommandDefinition, CommandGroup } from "../command";
import { access } from "./access";
import { backup } from "./backup";
import { alertTest } from "./alert-test";
import { cities } from "./cities";
import { checkReader } from "./check-reader";
import { diagnose } from "./diagnose";
import { doctor } from "./doctor";
import { drill, upgradeCheck } from "./drill";
import { importFile, plan } from "./import";
import { load } from "./load";
import { probe } from "./probe";
import { recompute } from "./recompute";
import { releaseData } from "./release-data";
import { restore } from "./restore";
import { report } from "./report";
import { rotate } from "./rotate";
import { sbom } from "./sbom";
import { schema } from "./schema";
import { smoke } from "./smoke";
import { status } from "./status";
import { validate } from "./validate";

/** Every command of `zakaz`. A new one is a file beside these, its action in `ops/actions/`, and a line here. */
export const commands: readonly (CommandDefinition | CommandGroup)[] = [
  access,
  backup,
  alertTest,
  checkReader,
  cities,
  diagnose,
  doctor,
  drill,
  importFile,
  load,
  plan,
  probe,
  recompute,
  releaseData,
  restore,
  report,
  rotate,
  sbom,
  schema,
  smoke,
  status,
  upgradeCheck,
  validate,
];
