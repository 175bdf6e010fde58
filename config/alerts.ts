import { channelsIn } from "./alert-channels";
import { commands, type Problem } from "./problem";
import { setSecretCommand, type SecretValues } from "./secrets";
import type { Settings } from "./settings";

/** Alerts that nobody would get. Channels may stay where alerts are switched off for a while. */
export function alertProblems({ alerts }: Settings, secrets: SecretValues): Problem[] {
  if (!alerts.enabled || channelsIn(secrets["alertChannels"] ?? "[]").length > 0) return [];
  return [
    {
      key: "alertChannels",
      problem: "names no channel, but zakaz:alerts.enabled is true",
      command: `${commands.setPart("alertChannels", "[0].kind", "webhook")}, then ${setSecretCommand("alertChannels")}`,
    },
  ];
}
