import { accessFaults } from "./access";
import { codeFaults } from "./code";
import { secondFilesFaults } from "./second-files";
import { statementsFaults } from "./statements";
import { tablesFaults } from "./tables";
import { textFaults } from "./text";
import { viewsFaults } from "./views";
import type { Fault } from "./fault";

export type { Fault };

/** Every fault that the validator must catch, one change each. */
export const FAULTS: readonly Fault[] = [
  ...statementsFaults,
  ...tablesFaults,
  ...viewsFaults,
  ...codeFaults,
  ...accessFaults,
  ...textFaults,
  ...secondFilesFaults,
];
