import { randomBytes } from "node:crypto";
import { findClient, type Client } from "../clients";
import { json, type Answer } from "../http";
import type { Admission } from "../vendor";
import { v2Error } from "./errors";

/** What a client and user may hold at a time; asking for more is refused. */
const MAX_PAIRS = 5;

interface Pair {
  client: Client;
  /** The name that is part of the client's credential, where an agency asks for a client of its own. */
  agencyClient: string | undefined;
  accessToken: string;
  refreshToken: string;
  /** Epoch milliseconds. */
  expires: number;
}

/** How tokens live. */
export interface TokenOptions {
  /** Seconds that an access token lives. */
  expiresIn: number;
  /** The clock, in epoch milliseconds. */
  now: () => number;
}

/** The token pairs that the newer API has issued. They are lost when it stops, so that clients must ask anew. */
export class Tokens {
  private pairs: Pair[] = [];
  /** Access tokens that a refresh or a deletion has made invalid, with their clients. */
  private readonly revoked = new Map<string, Client>();
  private readonly issued = new Map<string | undefined, number>();

  constructor(
    private readonly clients: readonly Client[],
    private readonly options: TokenOptions,
  ) {}

  /** Pairs issued for an account; a refresh issues none. */
  issuedFor(account: string): number {
    return this.issued.get(account) ?? 0;
  }

  /** The client of an access token, of an expired or revoked one too. */
  owner(accessToken: string): Admission {
    const client = this.pairOf(accessToken)?.client ?? this.revoked.get(accessToken);
    return client === undefined ? { refusal: v2Error(401, "invalid_token") } : { client };
  }

  /** Why an access token does not work any more; undefined when it does. */
  refusalOf(accessToken: string): Answer | undefined {
    const pair = this.pairOf(accessToken);
    if (pair === undefined) return v2Error(401, "revoked_token");
    return pair.expires <= this.options.now() ? v2Error(401, "expired_token") : undefined;
  }

  /** Makes every access token of an account expire; its refresh tokens stay. */
  expireAll(account: string | undefined): void {
    for (const pair of this.pairs) {
      if (pair.client.account === account) pair.expires = this.options.now();
    }
  }

  /** The client that a token request is from. */
  applicant(form: URLSearchParams): Admission {
    const grant = form.get("grant_type");
    const refused = { refusal: v2Error(401, "invalid_client") };
    if (grant === "refresh_token") {
      const pair = this.refreshable(form);
      if (pair === undefined) return { refusal: v2Error(401, "invalid_token") };
      return this.isFrom(pair, form) ? { client: pair.client } : refused;
    }
    if (grant !== "client_credentials" && grant !== "agency_client_credentials") {
      return { refusal: v2Error(400, "unsupported_grant_type") };
    }
    const client = findClient(this.clients, credential(form, agencyClientOf(form)));
    return client === undefined ? refused : { client };
  }

  /** Answers a token request of a known client. */
  grant(form: URLSearchParams, client: Client): Answer {
    const refreshed = form.get("grant_type") === "refresh_token" ? this.refreshable(form) : undefined;
    if (refreshed !== undefined) {
      this.revoked.set(refreshed.accessToken, refreshed.client);
      Object.assign(refreshed, this.newAccess());
      return this.answer(refreshed);
    }
    if (this.pairs.filter((pair) => pair.client === client).length >= MAX_PAIRS) {
      return v2Error(403, "token_limit_exceeded");
    }
    const pair = {
      client,
      agencyClient: agencyClientOf(form),
      refreshToken: newToken(),
      ...this.newAccess(),
    };
    this.pairs.push(pair);
    this.issued.set(client.account, (this.issued.get(client.account) ?? 0) + 1);
    return this.answer(pair);
  }

  /** The client that asks to delete all of its tokens. */
  deleter(form: URLSearchParams): Admission {
    const client =
      findClient(this.clients, credential(form, form.get("agency_client_name") ?? undefined)) ??
      this.pairs.find((pair) => this.isFrom(pair, form))?.client;
    return client === undefined ? { refusal: v2Error(401, "invalid_client") } : { client };
  }

  /** Deletes all tokens of the client that the form names, whoever uses them. */
  deleteAll(form: URLSearchParams): Answer {
    const deleted = this.pairs.filter((pair) => this.isFrom(pair, form));
    for (const { accessToken, client } of deleted) this.revoked.set(accessToken, client);
    this.pairs = this.pairs.filter((pair) => !deleted.includes(pair));
    return { status: 204, headers: {}, body: "" };
  }

  private pairOf(accessToken: string): Pair | undefined {
    return this.pairs.find((pair) => pair.accessToken === accessToken);
  }

  private refreshable(form: URLSearchParams): Pair | undefined {
    return this.pairs.find(({ refreshToken }) => refreshToken === form.get("refresh_token"));
  }

  /** Whether id and secret of the form are those of the pair's client. */
  private isFrom(pair: Pair, form: URLSearchParams): boolean {
    return findClient([pair.client], credential(form, pair.agencyClient)) !== undefined;
  }

  private newAccess(): Pick<Pair, "accessToken" | "expires"> {
    return { accessToken: newToken(), expires: this.options.now() + this.options.expiresIn * 1000 };
  }

  private answer({ accessToken, refreshToken }: Pair): Answer {
    return json(200, {
      access_token: accessToken,
      token_type: "bearer",
      scope: "read_ads",
      expires_in: String(this.options.expiresIn),
      refresh_token: refreshToken,
    });
  }
}

function newToken(): string {
  return randomBytes(24).toString("hex");
}

function agencyClientOf(form: URLSearchParams): string | undefined {
  return form.get("grant_type") === "agency_client_credentials"
    ? (form.get("agency_client_name") ?? "")
    : undefined;
}

/** The text whose hash the sandbox knows. */
function credential(form: URLSearchParams, agencyClient: string | undefined): string {
  const own = `${form.get("client_id") ?? ""}:${form.get("client_secret") ?? ""}`;
  return agencyClient === undefined ? own : `${own}:${agencyClient}`;
}
