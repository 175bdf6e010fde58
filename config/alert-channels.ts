import { channels, type Channel } from "../alerts/settings";
import type { SecretParts } from "../loaders/pipeline/source";

type FormProblem = NonNullable<ReturnType<SecretParts["problemOf"]>>;

/** The channels of a JSON text, or what is wrong with it. */
function readChannels(json: string): { channels: Channel[] } | FormProblem {
  let list: unknown;
  try {
    list = JSON.parse(json);
  } catch {
    return { problem: "is not JSON" };
  }
  const parsed = channels.safeParse(list);
  if (parsed.success) return { channels: parsed.data };
  const { path, message } = parsed.error.issues[0]!;
  const [index, ...keys] = path.map(String);
  if (index === undefined) return { problem: message };
  const where = keys.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join("");
  return { problem: `has for channel no. ${Number(index) + 1}: ${message}`, path: `[${index}]${where}` };
}

/** The channels of a value that has been checked. */
export function channelsIn(json: string): readonly Channel[] {
  const read = readChannels(json);
  return "channels" in read ? read.channels : [];
}

/** What of a channel is secret: who has it can send in its name. */
function secretsOf(channel: Channel): string[] {
  switch (channel.kind) {
    case "webhook":
      return [channel.url];
    case "smtp":
      return channel.password === undefined ? [] : [channel.password];
    case "telegram":
      return [channel.token];
  }
}

/** What the program knows of the secret `alertChannels`. */
export const channelParts: SecretParts = {
  problemOf: (json) => {
    const read = readChannels(json);
    return "problem" in read ? read : undefined;
  },
  secretsOf: (json) => channelsIn(json).flatMap(secretsOf),
  example: "[0].url",
  plain: ["kind", "name", "plainHttp", "host", "port", "security", "user", "from", "to", "chat", "baseUrl"],
};
