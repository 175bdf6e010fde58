import type { TelegramSettings } from "../settings";
import { post } from "./http";
import type { Send } from "./send";

/** A message of a bot to a chat; the token stands in the path, as the Bot API has it. */
export const telegram =
  ({ token, chat, baseUrl }: TelegramSettings): Send =>
  ({ text }) =>
    post(`${baseUrl.replace(/\/$/, "")}/bot${token}/sendMessage`, {
      chat_id: chat,
      text,
      link_preview_options: { is_disabled: true },
    });
