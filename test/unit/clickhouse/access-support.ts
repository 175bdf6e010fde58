import { applyStatement } from "../../../clickhouse/access/apply";
import { emptyModel, type AccessModel } from "../../../clickhouse/access/model";
import { parseAccessStatement } from "../../../clickhouse/access/parse";

/** The model after these canonical statements. */
export function applyAll(statements: string[], before: AccessModel = emptyModel()): AccessModel {
  return statements.reduce((model, text) => applyStatement(model, parseAccessStatement(text)), before);
}

export const hash = "9a4aabf0e5cf71cae2cea646613ce7e2a5919fa758e56819704be25a3a2c1f0b";
