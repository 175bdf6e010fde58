import { post, type Credentials } from "../http";
import { httpPort } from "../paths";
import { AccessError } from "../../access/access-error";

/** Fits the engine's limit for the text of a query (256 KiB). */
const statementsPerQuery = 100;

/** An error of the engine itself, its text taken over. */
export class EngineError extends Error {
  constructor(
    readonly code: number,
    text: string,
  ) {
    super(text);
  }
}

/** Runs one statement as the caller. Throws EngineError. */
export async function ask(statement: string, caller: Credentials): Promise<string> {
  const answer = await post(httpPort, statement, caller);
  if (answer.ok) return answer.body;
  const [, code, text] =
    /^Code: (\d+)\. DB::Exception: ([^]*?)(?: \(version [^)]*\))?\s*$/.exec(answer.body) ?? [];
  throw new EngineError(Number(code ?? 1), text ?? answer.body.trim());
}

/**
 * The statements in formatQuery's spelling; the engine also checks the caller's password here. A text that is no SQL
 * gives its syntax error in place of a spelling.
 */
export async function canonicalise(statements: string[], caller: Credentials): Promise<(string | Error)[]> {
  const result: (string | Error)[] = [];
  for (let start = 0; start < statements.length; start += statementsPerQuery) {
    const part = statements.slice(start, start + statementsPerQuery);
    const query = `SELECT arrayMap(q -> formatQuerySingleLineOrNull(q), [${part.map(quote).join(", ")}]) AS q FORMAT JSONCompactEachRow`;
    const [spellings] = JSON.parse(await ask(query, caller)) as [(string | null)[]];
    for (const [index, spelling] of spellings.entries()) {
      result.push(spelling ?? (await syntaxError(part[index] ?? "", caller)));
    }
  }
  return result;
}

async function syntaxError(statement: string, caller: Credentials): Promise<Error> {
  try {
    await ask(`SELECT formatQuerySingleLine(${quote(statement)})`, caller);
  } catch (error) {
    // The text names the query that asked, not only the statement.
    if (error instanceof EngineError) {
      return new EngineError(
        error.code,
        error.message.replace(/: In scope SELECT formatQuery[^]*\. \(/, ". ("),
      );
    }
    throw error;
  }
  return new AccessError(62, "SYNTAX_ERROR", "Syntax error.");
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
