/** The few Docker Engine API calls the adapter makes itself, to clear up after a container that failed to start. */
import { request, type RequestOptions } from "node:http";

const TIMEOUT_MS = 3_000;
const DEFAULT_HOST = "unix:///var/run/docker.sock";

/** How the engine is reached, as far as the provider's settings say. */
export interface EngineSettings {
  host?: string | undefined;
  /** A Docker context, or TLS material, is in use. */
  indirect: boolean;
}

/** The same choice as the upstream provider: its own settings, then the environment, then the local socket. */
export function engineSettings(config: Record<string, unknown>, env: NodeJS.ProcessEnv): EngineSettings {
  const text = (value: unknown): string | undefined =>
    typeof value === "string" && value !== "" ? value : undefined;
  const indirect = [
    text(config.context) ?? text(env.DOCKER_CONTEXT),
    text(config.certPath) ?? text(env.DOCKER_CERT_PATH),
    text(config.certMaterial) ?? text(env.DOCKER_CERT_MATERIAL),
  ].some((value) => value !== undefined);
  return { host: text(config.host) ?? text(env.DOCKER_HOST), indirect };
}

/** Options for Node's http, or undefined for an engine that plain HTTP does not reach (ssh, TLS, contexts). */
export function httpOptions(settings: EngineSettings): RequestOptions | undefined {
  if (settings.indirect) return undefined;
  const url = URL.parse(settings.host ?? DEFAULT_HOST);
  if (url?.protocol === "unix:") return { socketPath: url.pathname };
  if (url?.protocol === "tcp:" || url?.protocol === "http:")
    return { host: url.hostname, port: url.port || 2375 };
  return undefined;
}

/** Splits the frames of the engine's log stream (8 bytes of header, length in the last 4) into text. */
export function logText(body: Buffer): string {
  const framed = body.length >= 8 && body[0]! <= 2 && body.readUIntBE(1, 3) === 0;
  if (!framed) return body.toString();
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= body.length;) {
    const length = body.readUInt32BE(at + 4);
    parts.push(body.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString();
}

export class Engine {
  private readonly options: RequestOptions | undefined;

  constructor(settings: EngineSettings) {
    this.options = httpOptions(settings);
  }

  /** The id of the container with this name, undefined when there is none or the engine cannot be asked. */
  async containerId(name: string): Promise<string | undefined> {
    const answer = await this.call("GET", `/containers/${encodeURIComponent(name)}/json`);
    if (answer?.status !== 200) return undefined;
    return (JSON.parse(answer.body.toString()) as { Id: string }).Id;
  }

  /** The last lines a container wrote, oldest first; empty when it wrote none. */
  async lastLines(id: string, count: number): Promise<string> {
    const answer = await this.call("GET", `/containers/${id}/logs?stdout=1&stderr=1&tail=${count}`);
    return answer?.status === 200 ? logText(answer.body) : "";
  }

  /** The names of the containers attached to a network. */
  async attachedTo(network: string): Promise<string[]> {
    const answer = await this.call("GET", `/networks/${encodeURIComponent(network)}`);
    if (answer?.status !== 200) return [];
    const { Containers = {} } = JSON.parse(answer.body.toString()) as {
      Containers?: Record<string, { Name: string }>;
    };
    return Object.values(Containers).map((container) => container.Name);
  }

  /** Removes a container with its anonymous volumes; true when it is gone. */
  async removeContainer(id: string): Promise<boolean> {
    const answer = await this.call("DELETE", `/containers/${id}?force=1&v=1`);
    return answer?.status === 204 || answer?.status === 404;
  }

  private call(method: string, path: string): Promise<{ status: number; body: Buffer } | undefined> {
    const options = this.options;
    if (!options) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const sent = request({ ...options, method, path, timeout: TIMEOUT_MS }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
        response.on("error", () => resolve(undefined));
      });
      // Not being able to clear up must never hide the failure that led here.
      sent.on("error", () => resolve(undefined));
      sent.on("timeout", () => sent.destroy());
      sent.end();
    });
  }
}
