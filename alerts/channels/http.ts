import { errorCode } from "../../loaders/core/api-error";
import { SEND_TIMEOUT_MS, SendFailure } from "./send";

/** Posts JSON and expects a 2xx. Redirects are refused: what is sent is for that address. */
export async function post(url: string, body: object, timeoutMs = SEND_TIMEOUT_MS): Promise<void> {
  let status: number;
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.body?.cancel();
    status = answer.status;
  } catch (error) {
    const isLate = (error as Error).name === "TimeoutError";
    throw new SendFailure(isLate ? "no answer in time" : (errorCode(error) ?? "no connection"));
  }
  if (status < 200 || status > 299) throw new SendFailure(`HTTP ${status}`);
}
