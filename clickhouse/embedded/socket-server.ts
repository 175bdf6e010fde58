import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { StatementRefused, type AccessRequest } from "./access/access-service";
import { readAll } from "./http";

/** What the client reads: done, or which statement was refused and why. */
export type AccessAnswer = { restarted: boolean } | { index?: number; code: number; message: string };

/** For failures that belong to no statement, as ClickHouse's LOGICAL_ERROR. */
const logicalError = 49;

/** Answers the client's access requests on a unix socket. */
export function serveAccess(
  socket: string,
  apply: (request: AccessRequest) => Promise<{ restarted: boolean }>,
): void {
  rmSync(socket, { force: true });
  createServer((request, response) => {
    answer(request, apply).then(
      (result) => reply(response, 200, result),
      (error: unknown) => reply(response, 400, describe(error)),
    );
  }).listen(socket);
}

async function answer(
  request: IncomingMessage,
  apply: (request: AccessRequest) => Promise<{ restarted: boolean }>,
): Promise<AccessAnswer> {
  return await apply(JSON.parse(await readAll(request)) as AccessRequest);
}

function describe(error: unknown): AccessAnswer {
  if (error instanceof StatementRefused) return { index: error.index, ...codeAndText(error.reason) };
  return codeAndText(error as Error);
}

function codeAndText(error: Error): { code: number; message: string } {
  return {
    code: "code" in error && typeof error.code === "number" ? error.code : logicalError,
    message: error.message,
  };
}

function reply(response: ServerResponse, status: number, body: AccessAnswer): void {
  response.writeHead(status, { "Content-Type": "application/json", Connection: "close" });
  response.end(JSON.stringify(body));
}
