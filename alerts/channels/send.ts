import type { Message } from "../messages";

/** Sends one message. Throws {@link SendFailure}. */
export type Send = (message: Message) => Promise<void>;

/** Why a message did not arrive: a status or a code, never an address, a token or what somebody answered. */
export class SendFailure extends Error {}

/** Longer than any healthy server takes. */
export const SEND_TIMEOUT_MS = 20_000;
