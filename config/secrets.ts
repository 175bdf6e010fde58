import { type SecretParts, type SourceSecret } from "../loaders/pipeline/source";
import { sources } from "../loaders/sources";
import { channelParts } from "./alert-channels";
import { commands } from "./problem";
import { readersParts } from "./readers";
import { passwordKeys, type PasswordKey } from "../warehouse/catalogue";

/** A secret key of the configuration; none has a default. */
export interface SecretKey {
  /** One sentence for docs/configuration.md. */
  about: string;
  /** The user of the warehouse whose password it is. */
  user?: string;
  /** What the source that needs it says of it. */
  source?: SourceSecret;
  /** Of a list with secret parts. */
  parts?: SecretParts;
  /** True: somebody else makes it, so that its length and letters are theirs. */
  isGiven?: boolean;
}

const purposes: Record<keyof typeof passwordKeys, string> = {
  admin: "schema, access, recovery",
  etl_writer: "the loaders' user",
  datalens_reader: "the user of DataLens",
  backup_user: "backups",
  zakaz_monitor: "the alerts' user",
};

/** Every secret key by name: passwords first, then those of the sources in their order. */
export const secretKeys: Readonly<Record<string, SecretKey>> = {
  ...Object.fromEntries(
    (Object.entries(passwordKeys) as [keyof typeof passwordKeys, PasswordKey][]).map(([user, key]) => [
      key,
      { user, about: `Password of \`${user}\`: ${purposes[user]}.` },
    ]),
  ),
  ...Object.fromEntries(
    sources.flatMap(({ secrets }) =>
      Object.entries(secrets).map(([key, secret]): [string, SecretKey] => [
        key,
        {
          about: secret.about,
          source: secret,
          ...(secret.parts === undefined ? {} : { parts: secret.parts }),
        },
      ]),
    ),
  ),
  backupS3Secret: {
    about: "Needed exactly when `backup` names `s3`: the secret of its key.",
    isGiven: true,
  },
  readers: {
    about:
      "Optional. Further logins with the rights of `datalens_reader`: a list, each with `name`, `password` and, if wanted, `networks` (CIDR, beside " +
      "the stack's own) and `views` (some of its views instead of all). One that is taken out of the list is dropped.",
    parts: readersParts,
  },
  alertChannels: {
    about:
      "Needed where `alerts.enabled` is true. Where alerts go: a list, each with `kind` (`webhook`, `smtp`, `telegram`), a `name` where two are of one kind, " +
      "and what [alerts.md](alerts.md#channels) lists; secret are `url` of a webhook, `password` of SMTP and `token` of Telegram.",
    parts: channelParts,
  },
};

/** The command that sets a secret. */
export function setSecretCommand(key: string): string {
  const parts = secretKeys[key]?.parts;
  return parts === undefined ? commands.setSecret(key) : commands.setSecretPart(key, parts.example);
}

/** Keys that every stack needs; `config/sources.ts` tells when the others are needed. */
export const requiredKeys: readonly string[] = [
  ...Object.values(passwordKeys),
  ...sources
    .filter((source) => source.switch === undefined)
    .flatMap(({ secrets }) => Object.entries(secrets).filter(([, { dataset }]) => dataset === undefined))
    .map(([key]) => key),
];

/** Secrets of a stack as far as they are set, by key. */
export type SecretValues = Record<string, string>;

/** The same as Pulumi hands them on. */
export type Secrets<T> = Record<PasswordKey, T> & Record<string, T | undefined>;
