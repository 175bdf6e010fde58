import { randomBytes } from "node:crypto";
import { sha256 } from "../clients";
import { startServer, type SandboxServer, type ServerOptions } from "../server";
import { VkData, type VkDataOptions } from "./data";
import { expectedAdDays, type ExpectedAdDay } from "./expected";
import type { Cabinet } from "./types";
import { accountsOf, createVkApi, defaultVkBehaviour, vkAds, type VkBehaviour } from "./vendor";

export type { FaultRule } from "../faults";
export type { ExpectedAdDay } from "./expected";

/** A client with its credential in the clear. */
export interface VkClient {
  /** `<id>:<secret>`, `<id>:<secret>:<agency client>`, or a legacy access token. */
  credential: string;
  account: string;
}

/** What can be chosen about a sandbox that stands in for VK Ads alone. */
export interface VkServeOptions extends ServerOptions, VkBehaviour {
  /** The known clients (default: for each account one of the newer API and one of the legacy API). */
  clients: readonly VkClient[];
}

/** What can be chosen where the accounts are generated too. */
export interface VkSandboxOptions extends VkServeOptions, VkDataOptions {
  /** Numbers of the accounts (default 1001, or those of `clients`). */
  accounts: readonly string[];
}

/** A running sandbox that stands in for VK Ads alone. */
export interface VkSandbox<Data extends Cabinet = Cabinet> extends Omit<SandboxServer, "origin"> {
  /** Below it lie `/api/v2/…`, `/api/v3/…` and `/method/…`. */
  url: string;
  /** The known clients, in the order of the accounts, that of the newer API first. */
  clients: readonly VkClient[];
  data: Data;
  /** Token pairs issued for an account; a refresh issues none. */
  tokensIssued(account: string): number;
  /** What a right loader arrives at for an account, from the first to the last day, both included. */
  expected(account: string, from: string, to: string): ExpectedAdDay[];
}

const dataDefaults: VkDataOptions = { seed: 1, events: 12, days: 45, now: Date.now };

/** Starts both stand-in APIs on a real socket, over generated accounts. */
export async function startVkSandbox(options: Partial<VkSandboxOptions> = {}): Promise<VkSandbox<VkData>> {
  const accounts = options.accounts ?? options.clients?.map(({ account }) => account) ?? ["1001"];
  return serveVkAccounts(new VkData([...new Set(accounts)], { ...dataDefaults, ...options }), options);
}

/** Starts both stand-in APIs on a real socket, over the caller's accounts. */
export async function serveVkAccounts<Data extends Cabinet>(
  data: Data,
  options: Partial<VkServeOptions> = {},
): Promise<VkSandbox<Data>> {
  const clients = options.clients ?? data.accounts().flatMap(({ id }) => newClients(id));
  const known = clients.map(({ credential, account }) => ({ sha256: sha256(credential), account }));
  accountsOf(known);
  const { api, tokens } = createVkApi(data, { ...defaultVkBehaviour, ...options }, known);
  const { origin, ...server } = await startServer([{ ...vkAds, api, clients: known }], options);
  return {
    ...server,
    url: origin + vkAds.basePath,
    clients,
    data,
    tokensIssued: (account) => tokens.issuedFor(account),
    expected: (account, from, to) => expectedAdDays(data, account, from, to),
  };
}

function newClients(account: string): VkClient[] {
  const secret = () => randomBytes(16).toString("hex");
  return [
    { credential: `client-${account}:${secret()}`, account },
    { credential: secret(), account },
  ];
}
