import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { ActiveFaults } from "./faults";
import { html, type Answer } from "./http";

/** An API's answer with the faults that strike any answer, whatever it is about. */
export function alterAnswer(answer: Answer, faults: ActiveFaults): Answer {
  if (faults.find("html")) return html(200, "<!DOCTYPE html><title>Maintenance</title>");
  if (faults.find("empty")) return { ...answer, status: 200, body: "" };
  if (faults.find("brokenJson")) return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
  return answer;
}

/** Texts where numbers were, numbers where texts were: the fault `wrongTypes`, which the APIs apply to their rows. */
export function swapTypes(value: unknown): unknown {
  if (typeof value === "number") return `number ${value}`;
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.map(swapTypes);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, swapTypes(inner)]));
}

/** Writes an answer to the socket, with the faults that strike the transport. */
export async function send(response: ServerResponse, answer: Answer, faults: ActiveFaults): Promise<void> {
  const headers = { ...answer.headers };
  let bytes: Buffer = Buffer.from(answer.body);
  if (faults.find("bom")) bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]);
  if (faults.find("invalidUtf8")) bytes = insertInvalidByte(bytes);
  if (faults.find("gzip")) {
    bytes = gzipSync(bytes);
    headers["content-encoding"] = "gzip";
  }
  if (!faults.find("chunked")) headers["content-length"] = String(bytes.length);
  response.writeHead(answer.status, headers);
  if (faults.find("truncated")) {
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    return;
  }
  const drip = faults.find("drip");
  if (drip !== undefined) {
    for (let at = 0; at < bytes.length && !response.destroyed; at += drip.chunkBytes) {
      response.write(bytes.subarray(at, at + drip.chunkBytes));
      await wait(drip.everyMs, undefined, { ref: false });
    }
  } else response.write(bytes);
  response.end();
}

/** Puts a byte that UTF-8 does not allow into the first text of the body. */
function insertInvalidByte(bytes: Buffer): Buffer {
  const quote = bytes.indexOf('"') + 1;
  return Buffer.concat([bytes.subarray(0, quote), Buffer.from([0xff]), bytes.subarray(quote)]);
}
