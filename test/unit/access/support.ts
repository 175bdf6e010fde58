import { applyStatement } from "../../../warehouse/access/statements/evaluate";
import { emptyModel, type AccessModel } from "../../../warehouse/access/statements/model";
import { parseAccessStatement } from "../../../warehouse/access/statements/parse";

/** The model after these canonical statements. */
export function applyAll(statements: string[], before: AccessModel = emptyModel()): AccessModel {
  return statements.reduce((model, text) => applyStatement(model, parseAccessStatement(text)), before);
}

export const hash = "9a4aabf0e5cf71cae2cea646613ce7e2a5919fa758e56819704be25a3a2c1f0b";
