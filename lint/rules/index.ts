import type { Rule, StaticRule } from "../inspection";
import { access } from "./access";
import { columnLists } from "./column-lists";
import { comments } from "./comments";
import { keys } from "./keys";
import { materializedViews } from "./materialized-views";
import { names } from "./names";
import { queries } from "./queries";
import { secondDefinitions } from "./second-definitions";
import { statements } from "./statements";
import { tables } from "./tables";
import { text } from "./text";
import { viewRuns } from "./view-runs";
import { views } from "./views";
import { writers } from "./writers";

/** Rules on the files. A new rule is one file and one line here. */
export const STATIC_RULES: readonly StaticRule[] = [
  ({ schema, migrations, others }) => text([...schema, ...migrations, ...others]),
  names,
  statements,
];

/** Rules on what the engine made of the files, and on the code. */
export const LIVE_RULES: readonly Rule[] = [
  secondDefinitions,
  tables,
  keys,
  comments,
  views,
  materializedViews,
  viewRuns,
  columnLists,
  queries,
  writers,
  access,
];
