import { z } from "zod";

/** Text; `pulumi config set --path` makes a number of one that looks like it. */
const texts = (form: RegExp) => z.union([z.string(), z.int()]).transform(String).pipe(z.string().regex(form));
const text = texts(/^[\x21\x23-\x5b\x5d-\x7e]{1,500}$/);
const id = texts(/^\d{1,20}$/);

const v2Account = z.strictObject({
  account: id,
  api: z.literal("v2").default("v2"),
  clientId: text,
  clientSecret: text,
  agencyClient: text.optional(),
});

const legacyAccount = z.strictObject({
  account: id,
  api: z.literal("legacy"),
  accessToken: text,
  agency: id.optional(),
});

/** An account of the cabinet ads.vk.com: the API gives tokens for client id and secret. */
export type V2Account = z.infer<typeof v2Account>;
/** An account of the old cabinet, with a token that was given by hand. */
export type LegacyAccount = z.infer<typeof legacyAccount>;
/** An account of an agency's client is read with the agency's credentials: `agencyClient` is the client's name, `agency` the agency's number. */
export type Account = V2Account | LegacyAccount;

/** What people are told of the form of the accounts. */
export const ACCOUNTS_FORM =
  'a JSON list such as [{"account":"1001","clientId":"…","clientSecret":"…"}], or for the old API [{"account":"55","api":"legacy","accessToken":"…"}]';

/** What is wrong with a list of accounts. */
export interface AccountProblem {
  /** The end of a sentence, without values. */
  problem: string;
  /** Where in the list, e.g. `[0].clientSecret`; left out where it is no list. */
  path?: string;
}

/** The accounts of a JSON text, or what is wrong with it. */
export function readAccounts(json: string): { accounts: Account[] } | AccountProblem {
  let list: unknown;
  try {
    list = JSON.parse(json);
  } catch {
    return { problem: "is not JSON" };
  }
  if (!Array.isArray(list) || list.length === 0) return { problem: "names no account", path: "[0].account" };
  const accounts: Account[] = [];
  for (const [index, entry] of list.entries()) {
    const schema = (entry as { api?: unknown } | null)?.api === "legacy" ? legacyAccount : v2Account;
    const parsed = schema.safeParse(entry);
    if (!parsed.success) return describe(parsed.error, entry, index);
    const { account } = parsed.data;
    if (accounts.some((other) => other.account === account)) {
      return { problem: `names account ${account} twice`, path: `[${index}].account` };
    }
    accounts.push(parsed.data);
  }
  return { accounts };
}

function describe(error: z.ZodError, entry: unknown, index: number): AccountProblem {
  const { account } = (entry ?? {}) as { account?: unknown };
  const name = id.safeParse(account).success ? `account ${String(account)}` : `account no. ${index + 1}`;
  const [issue] = error.issues;
  if (issue?.code === "unrecognized_keys") {
    const [unknown = ""] = issue.keys;
    return { problem: `has ${unknown} for ${name}, which is unknown`, path: `[${index}].${unknown}` };
  }
  const [field] = issue?.path ?? [];
  if (field === undefined) {
    return { problem: `has something else than an object for ${name}`, path: `[${index}].account` };
  }
  const key = String(field);
  const path = `[${index}].${key}`;
  const given = (entry as Record<string, unknown>)[key];
  if (given === undefined || given === "") return { problem: `lacks ${key} for ${name}`, path };
  const form =
    { account: "digits", api: "v2 or legacy" }[key] ?? "text without blanks, quotes and backslashes";
  return { problem: `has a ${key} for ${name} that is not ${form}`, path };
}

/** What an account proves itself by, as one text. */
export function credentialOf(account: Account): string {
  if (account.api === "legacy") return account.accessToken;
  const { clientId, clientSecret, agencyClient } = account;
  return [clientId, clientSecret, ...(agencyClient === undefined ? [] : [agencyClient])].join(":");
}

/** The parts of the accounts that are secret. */
export function secretsOf(accounts: readonly Account[]): string[] {
  return accounts.flatMap((one) =>
    one.api === "legacy" ? [one.accessToken] : [one.clientId, one.clientSecret],
  );
}
