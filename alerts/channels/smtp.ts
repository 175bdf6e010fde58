import { createTransport } from "nodemailer";
import type { SmtpSettings } from "../settings";
import { SEND_TIMEOUT_MS, SendFailure, type Send } from "./send";

const PORTS = { tls: 465, starttls: 587, none: 25 } as const;

/** A mail of plain text. With `starttls` a server that does not encrypt is refused; certificates are checked. */
export function smtp(settings: SmtpSettings): Send {
  const { host, security, user, password, from, to, port = PORTS[security] } = settings;
  const transport = createTransport({
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(user === undefined ? {} : { auth: { user, pass: password ?? "" } }),
    connectionTimeout: SEND_TIMEOUT_MS,
    greetingTimeout: SEND_TIMEOUT_MS,
    socketTimeout: SEND_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async ({ id, subject, text }) => {
    try {
      // The same Message-ID when it is sent again: mail programs show it once.
      await transport.sendMail({ from, to, subject, text, messageId: `<${id}@zakaz>` });
    } catch (error) {
      const { responseCode, code } = error as { responseCode?: number; code?: string };
      throw new SendFailure([code, responseCode].filter(Boolean).join(" ") || "no connection");
    } finally {
      transport.close();
    }
  };
}
