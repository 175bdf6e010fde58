/** An account of the cabinet ads.vk.com: the API gives tokens for client id and secret. */
export interface V2Account {
  /** Its number, in digits. */
  account: string;
  api: "v2";
  clientId: string;
  clientSecret: string;
  /** Name of the client of an agency whose account it is: then id and secret are the agency's. */
  agencyClient?: string;
}

/** An account of the old cabinet, with a token that was given by hand. */
export interface LegacyAccount {
  account: string;
  api: "legacy";
  accessToken: string;
  /** Number of the agency whose client's account it is: then the token is the agency's. */
  agency?: string;
}

export type Account = V2Account | LegacyAccount;

/** What people are told of the form of the accounts. */
export const ACCOUNTS_FORM =
  'a JSON list such as [{"account":"1001","clientId":"…","clientSecret":"…"}], or for the old API [{"account":"55","api":"legacy","accessToken":"…"}]';

interface Field {
  form: RegExp;
  /** The form in words. */
  says: string;
  optional?: true;
}

const ID: Field = { form: /^\d{1,20}$/, says: "digits" };
const TEXT: Field = {
  form: /^[\x21\x23-\x5b\x5d-\x7e]{1,500}$/,
  says: "text without blanks, quotes and backslashes",
};

/** What an account has, by API. Descriptors of sources are read by every command, so that no schema library checks this. */
const FIELDS: Readonly<Record<Account["api"], Readonly<Record<string, Field>>>> = {
  v2: {
    account: ID,
    api: { form: /^v2$/, says: "v2 or legacy", optional: true },
    clientId: TEXT,
    clientSecret: TEXT,
    agencyClient: { ...TEXT, optional: true },
  },
  legacy: {
    account: ID,
    api: { form: /^legacy$/, says: "v2 or legacy" },
    accessToken: TEXT,
    agency: { ...ID, optional: true },
  },
};

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
    const read = readAccount(entry, index);
    if ("problem" in read) return read;
    if (accounts.some(({ account }) => account === read.account)) {
      return { problem: `names account ${read.account} twice`, path: `[${index}].account` };
    }
    accounts.push(read);
  }
  return { accounts };
}

function readAccount(entry: unknown, index: number): Account | AccountProblem {
  const at = (key: string, problem: string): AccountProblem => ({ problem, path: `[${index}].${key}` });
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    return at("account", `has something else than an object for account no. ${index + 1}`);
  }
  const given = entry as Record<string, unknown>;
  const api = given.api === "legacy" ? "legacy" : "v2";
  const fields = FIELDS[api];
  const found: Record<string, string> = { api };
  const name = ID.form.test(String(given.account))
    ? `account ${String(given.account)}`
    : `account no. ${index + 1}`;
  const unknown = Object.keys(given).find((key) => !(key in fields));
  if (unknown !== undefined) return at(unknown, `has ${unknown} for ${name}, which is unknown`);
  for (const [key, { form, says, optional }] of Object.entries(fields)) {
    // `pulumi config set --path` makes a number of what looks like one.
    const value = Number.isSafeInteger(given[key]) ? String(given[key]) : given[key];
    if (value === undefined || value === "") {
      if (optional) continue;
      return at(key, `lacks ${key} for ${name}`);
    }
    if (typeof value !== "string" || !form.test(value))
      return at(key, `has for ${name} a value of ${key} that is not ${says}`);
    found[key] = value;
  }
  return found as unknown as Account;
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
