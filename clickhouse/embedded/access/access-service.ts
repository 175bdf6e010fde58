import { join } from "node:path";
import type { Credentials } from "../http";
import { paths } from "../paths";
import { applyStatement } from "../../access/apply";
import { canonicalise } from "./canonical";
import { mask } from "./mask";
import type { AccessModel } from "../../access/model";
import { parseAccessStatement } from "../../access/parse";
import { renderUsersXml } from "./render";
import { firstDenied, requirementOf, type Requirement } from "./rights";
import { readStaticNames } from "./static-names";
import { loadAccess, saveAccess, writeAtomically } from "./store";

export const renderedFile = "access.xml";
const renderedPath = join(paths.config, "users.d", renderedFile);

export interface AccessRequest extends Credentials {
  statements: string[];
  /** True: find every mistake, change nothing. */
  checkOnly: boolean;
}

/** A refused statement: its position in the request, from 0, and the reason. */
export class StatementRefused extends Error {
  constructor(
    readonly index: number,
    readonly reason: Error,
  ) {
    super(reason.message);
  }
}

/** Keeps the access file and the rendered users file in step, and the engine in step with them. */
export class AccessService {
  private model: AccessModel;
  private rendered: string;

  /** `restartEngine` must reject, with the engine down, when the engine does not start with the new file. */
  constructor(private readonly restartEngine: () => Promise<void>) {
    this.model = loadAccess(paths.accessFile);
    this.rendered = renderUsersXml(this.model);
    writeAtomically(renderedPath, this.rendered);
  }

  /**
   * Applies the statements as one change: all or none. Returns whether the engine was restarted, which it is once, and
   * only if the users file differs. Throws StatementRefused, or an Error when the engine refused the new users file.
   */
  async apply(request: AccessRequest): Promise<{ restarted: boolean }> {
    const model = await this.changedModel(request);
    if (request.checkOnly) return { restarted: false };
    const rendered = renderUsersXml(model);
    const restarted = rendered !== this.rendered;
    if (restarted) await this.restartWith(rendered);
    saveAccess(paths.accessFile, model);
    this.model = model;
    this.rendered = rendered;
    return { restarted };
  }

  private async changedModel({ statements, ...caller }: AccessRequest): Promise<AccessModel> {
    const fixed = readStaticNames(paths.config, renderedFile);
    const masked = statements.map(mask);
    const spellings = await canonicalise(
      masked.map(({ text }) => text),
      caller,
    );
    const requirements: Requirement[] = [];
    let refused: StatementRefused | undefined;
    let model = this.model;
    for (const [index, spelling] of spellings.entries()) {
      try {
        if (spelling instanceof Error) throw spelling;
        const statement = parseAccessStatement(spelling, masked[index]?.literals);
        requirements.push(requirementOf(statement, index, model));
        model = applyStatement(model, statement, fixed);
        renderUsersXml(model);
      } catch (error) {
        refused = new StatementRefused(index, error as Error);
        break;
      }
    }
    // Rights come first: who may not change access does not learn either what there is.
    const denied = await firstDenied(requirements, caller);
    if (denied) throw new StatementRefused(denied.index, denied.reason);
    if (refused) throw refused;
    return model;
  }

  private async restartWith(rendered: string): Promise<void> {
    writeAtomically(renderedPath, rendered);
    try {
      await this.restartEngine();
    } catch (error) {
      writeAtomically(renderedPath, this.rendered);
      await this.restartEngine();
      const reason = (error as Error).message;
      throw new Error(`The engine did not start with the new access, the old one is back: ${reason}`, {
        cause: error,
      });
    }
  }
}
