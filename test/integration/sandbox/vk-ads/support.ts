import { request } from "undici";
import { VkStore } from "../../../../sandbox/vk-ads/store";
import type { VkSandbox } from "../../../../sandbox/vk-ads/sandbox";

/** A decoded answer. */
export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  json: Record<string, unknown>;
}

interface Sent {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  token?: string;
  form?: Record<string, string>;
  body?: string;
}

/** Sends a request below the base path, as a form where there is one. */
export async function call(sandbox: Pick<VkSandbox, "url">, path: string, sent: Sent = {}): Promise<Reply> {
  const { form, token, body } = sent;
  const response = await request(sandbox.url + path, {
    method: sent.method ?? (form === undefined ? "GET" : "POST"),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
    },
    body: body ?? (form === undefined ? null : new URLSearchParams(form).toString()),
  });
  const text = await response.body.text();
  const json = (text.startsWith("{") ? JSON.parse(text) : {}) as Record<string, unknown>;
  return { status: response.statusCode, headers: response.headers, text, json };
}

/** Id and secret of an account's client of the newer API, as its forms name them. */
export function idAndSecret(sandbox: VkSandbox, account = "1001") {
  const credential = sandbox.clients.find((client) => client.account === account)?.credential ?? "";
  const [client_id = "", client_secret = ""] = credential.split(":");
  return { client_id, client_secret };
}

/** Asks for a pair of tokens. */
export function newPair(sandbox: VkSandbox, account = "1001"): Promise<Reply> {
  const form = { grant_type: "client_credentials", ...idAndSecret(sandbox, account) };
  return call(sandbox, "/api/v2/oauth2/token.json", { form });
}

/** An access token of the newer API. */
export async function accessToken(sandbox: VkSandbox, account = "1001"): Promise<string> {
  return String((await newPair(sandbox, account)).json["access_token"]);
}

/** Two accounts; the first has three campaigns with a group each, and as many ads as are asked for, ten of them not active. */
export function fill(store: VkStore, ads: number): void {
  store.clear();
  for (const id of ["1001", "1002"]) store.putAccount({ id, currency: id === "1001" ? "RUB" : "USD" });
  for (const [index, status] of (["active", "blocked", "deleted"] as const).entries()) {
    store.putAdPlan({ id: 501 + index, account: "1001", name: `Plan ${index}`, status });
    store.putAdGroup({
      id: 701 + index,
      adPlan: 501 + index,
      name: `Group ${index}`,
      status,
      utm: "utm_source=vk&utm_medium=cpc",
    });
  }
  store.putAdPlan({ id: 601, account: "1002", name: "Other", status: "active" });
  store.putAdGroup({ id: 801, adPlan: 601, name: "Other", status: "active", utm: "" });
  store.putBanner({ id: 8001, adGroup: 801, name: "Other", status: "active", urls: {} });
  for (let index = 0; index < ads; index++) {
    store.putBanner({
      id: 9001 + index,
      adGroup: 701 + (index % 3),
      name: `AD ${index}`,
      status: index >= 10 ? "active" : index < 5 ? "blocked" : "deleted",
      urls: { primary: "https://shop.example.test/event-1?utm_content=msk_05_11" },
    });
  }
}
