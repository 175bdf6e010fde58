import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";
import type { Channel } from "../../alerts/settings";

/** What a channel's server has got. */
export interface Letter {
  /** Of HTTP. */
  path?: string;
  /** Of a mail. */
  subject?: string;
  /** Readable text, whatever it came in. */
  body: string;
}

/** A server at the end of a channel. */
export interface Receiver {
  letters: Letter[];
  /** While true, it refuses everything. */
  broken: boolean;
  close: () => Promise<void>;
}

export const LOGIN = { user: "zakaz@mail.example", password: "secret-of-the-mail-server" };
export const TELEGRAM_TOKEN = "12345678:secret-of-the-bot";
export const HOOK_SECRET = "secret-of-the-hook";

export interface ReceiverOptions {
  /** Where they listen. */
  host: string;
  /** By which name or address the alerts reach them. */
  address: string;
  login: { user: string; password: string };
  telegramToken: string;
  /** Path of the webhook. */
  hook: string;
}

const USUAL: ReceiverOptions = {
  host: "127.0.0.1",
  address: "127.0.0.1",
  login: LOGIN,
  telegramToken: TELEGRAM_TOKEN,
  hook: HOOK_SECRET,
};

/** A web server that takes messages. */
export async function startHttpReceiver(host = "127.0.0.1"): Promise<Receiver & { port: number }> {
  const receiver = { letters: [] as Letter[], broken: false };
  const server: Server = createServer((request, response) => {
    void text(request).then((body) => {
      if (!receiver.broken) receiver.letters.push({ path: request.url ?? "", body });
      response.writeHead(receiver.broken ? 500 : 200, { "content-type": "application/json" });
      response.end('{"ok":true}');
    });
  });
  await once(server.listen(0, host), "listening");
  return Object.assign(receiver, {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** A mail server that wants the login. Without a `certificate` it does not encrypt. */
export async function startMailReceiver(
  certificate?: { key: string; cert: string },
  { host, login }: Pick<ReceiverOptions, "host" | "login"> = USUAL,
): Promise<Receiver & { port: number }> {
  const receiver = { letters: [] as Letter[], broken: false };
  const server = new SMTPServer({
    ...certificate,
    authMethods: ["PLAIN"],
    ...(certificate === undefined ? { disabledCommands: ["STARTTLS"], allowInsecureAuth: true } : {}),
    onAuth: ({ username, password }, _session, done) => {
      const isRight = username === login.user && password === login.password;
      done(isRight ? null : new Error("wrong login"), { user: username });
    },
    onData: (stream, _session, done) => {
      const take = (raw: string): void => {
        if (receiver.broken) {
          done(Object.assign(new Error("no room for ops@mail.example"), { responseCode: 452 }));
          return;
        }
        receiver.letters.push(readMail(raw));
        done();
      };
      // A client that is killed leaves half a mail.
      text(stream).then(take, (error: Error) => done(error));
    },
  });
  // A client that breaks off.
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return Object.assign(receiver, {
    port: (server.server.address() as AddressInfo).port,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  });
}

/** Head and text of a mail, as its reader sees them. */
function readMail(raw: string): Letter {
  const end = raw.indexOf("\r\n\r\n");
  const head = raw.slice(0, end).replace(/\r\n\s+/g, " ");
  const body = raw
    .slice(end + 4)
    .replace(/=\r\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  const subject = /^Subject: (.*)$/m.exec(head)?.[1];
  return { ...(subject === undefined ? {} : { subject }), body: `${head}\n${body.replace(/\r\n/g, "\n")}` };
}

/** All three kinds of servers, and the channels that lead to them. */
export interface Receivers {
  webhook: Receiver;
  smtp: Receiver;
  telegram: Receiver;
  channels: Channel[];
  close: () => Promise<void>;
}

export async function startReceivers(options = USUAL): Promise<Receivers> {
  const { host, address, login, telegramToken, hook } = options;
  const [webhook, telegram, smtp] = await Promise.all([
    startHttpReceiver(host),
    startHttpReceiver(host),
    startMailReceiver(undefined, options),
  ]);
  return {
    webhook,
    smtp,
    telegram,
    channels: [
      { kind: "webhook", url: `http://${address}:${webhook.port}/${hook}`, plainHttp: true },
      {
        kind: "smtp",
        host: address,
        port: smtp.port,
        security: "none",
        ...login,
        from: "zakaz@mail.example",
        to: ["ops@mail.example"],
      },
      {
        kind: "telegram",
        token: telegramToken,
        chat: "-100123",
        baseUrl: `http://${address}:${telegram.port}`,
        plainHttp: true,
      },
    ],
    close: async () => {
      await Promise.all([webhook.close(), smtp.close(), telegram.close()]);
    },
  };
}
