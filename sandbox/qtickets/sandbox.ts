import { randomBytes } from "node:crypto";
import { sha256 } from "../clients";
import { startServer, type SandboxServer, type ServerOptions } from "../server";
import { DataSet, dataSetDefaults, type DataSetOptions } from "./data-set";
import { defaultBehaviour, type Behaviour } from "./lists";
import type { Organiser } from "./store";
import { createQticketsApi, qtickets } from "./vendor";

export type { FaultRule } from "../faults";
export type { DataSet } from "./data-set";
export type { Behaviour } from "./lists";

/** Everything that can be chosen about a sandbox that stands in for Qtickets alone. */
export interface SandboxOptions extends DataSetOptions, Behaviour, ServerOptions {
  /** The only accepted token (default: a new random one). */
  token: string;
  /** SHA-256 of the accepted token in hex, where the token itself must stay outside. Wins over `token`. */
  tokenSha256: string;
}

/** A running sandbox that stands in for Qtickets alone. */
export interface Sandbox<Data extends Organiser = DataSet> extends Omit<SandboxServer, "origin"> {
  /** Base URL of the API. */
  url: string;
  /** The accepted token; empty when only its hash is known. */
  token: string;
  data: Data;
}

/** Starts the stand-in API on a real socket, over a generated data set. */
export async function startSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return serveData(new DataSet({ ...dataSetDefaults, ...options }), options);
}

/** Starts the stand-in API on a real socket, over the caller's data; options about generated data have no effect. */
export async function serveData<Data extends Organiser>(
  data: Data,
  options: Partial<SandboxOptions> = {},
): Promise<Sandbox<Data>> {
  const token = options.token ?? (options.tokenSha256 === undefined ? randomBytes(16).toString("hex") : "");
  const clients = [{ sha256: options.tokenSha256 ?? sha256(token) }];
  const api = createQticketsApi(data, { ...defaultBehaviour, ...options }, clients);
  const { origin, ...server } = await startServer([{ ...qtickets, api, clients }], options);
  return { ...server, url: origin + qtickets.basePath, token, data };
}
