import { z } from "zod";
import { kinds, parseSettings, setting } from "../core/setting";
import { commonShape } from "../core/settings";

/** Settings of the import of Yandex Direct: those of the loader that are not about an API. */
export const settingsSchema = z.object({
  ...commonShape,
  DIRECT_RUN_SECONDS: setting(kinds.integer(5, 86_400).default(300), {
    doc: "Deadline of the import in seconds.",
    form: "an integer from 5 to 86400",
  }),
});

export type Settings = z.infer<typeof settingsSchema>;

/** Reads and checks all settings; everything wrong is named in one `UsageError` without values. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  return parseSettings(settingsSchema, environment, ["CLICKHOUSE_", "DIRECT_"]);
}
