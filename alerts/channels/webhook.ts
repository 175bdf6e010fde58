import type { WebhookSettings } from "../settings";
import { post } from "./http";
import type { Send } from "./send";

/** A message as JSON: its fields, and `text`, which Slack and Mattermost show. */
export const webhook =
  ({ url }: WebhookSettings): Send =>
  ({ id, text, fields }) =>
    post(url, { id, text, ...fields });
