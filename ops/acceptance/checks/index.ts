import type { Check } from "../check";
import { accessChecks } from "./access";
import { afterChecks } from "./after";
import { beforeChecks } from "./before";
import { loadChecks } from "./loads";
import { stackChecks } from "./stack";

/** The acceptance, in the order in which it is run. A new check is an entry in one of these lists. */
export const checks: readonly Check[] = [
  ...beforeChecks,
  ...stackChecks,
  ...loadChecks,
  ...accessChecks,
  ...afterChecks,
];
