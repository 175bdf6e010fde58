import { channelName, type Channel } from "../settings";
import type { Send } from "./send";
import { smtp } from "./smtp";
import { telegram } from "./telegram";
import { webhook } from "./webhook";

/** How each channel sends, by its name. */
export function openChannels(channels: readonly Channel[]): Map<string, Send> {
  return new Map(channels.map((channel) => [channelName(channel), open(channel)]));
}

function open(channel: Channel): Send {
  switch (channel.kind) {
    case "webhook":
      return webhook(channel);
    case "smtp":
      return smtp(channel);
    case "telegram":
      return telegram(channel);
  }
}
