/**
 * A container that was created but failed to start (or to become healthy) is unknown to Pulumi's state: the next `up`
 * would meet a name conflict. Whoever made it removes it.
 */
import type { Engine } from "./engine";

const SHOWN_LOG_LINES = 5;

/** What is said about the container after a failed create. */
export interface Clearance {
  /** The container's last words, empty when it wrote none or was not ours. */
  log: string;
  removed: boolean;
}

const NOTHING: Clearance = { log: "", removed: false };

/** One create in progress. */
interface Attempt {
  name: string;
  /** The container that had the name before the create began: never ours to remove. */
  before: string | undefined;
}

export class Leftovers {
  private readonly attempts = new Set<Attempt>();

  constructor(private readonly engine: () => Engine) {}

  /** Notes what stands under the name before a create; the returned attempt is to be ended or cleared. */
  async begin(name: string): Promise<Attempt> {
    const attempt = { name, before: await this.engine().containerId(name) };
    this.attempts.add(attempt);
    return attempt;
  }

  /** The create succeeded: its container belongs to the state now. */
  end(attempt: Attempt): void {
    this.attempts.delete(attempt);
  }

  /** The create failed for `reason`: removes the container it made, and only that one. */
  async clear(attempt: Attempt, reason: string): Promise<Clearance> {
    this.attempts.delete(attempt);
    const engine = this.engine();
    const now = await engine.containerId(attempt.name);
    if (now === undefined || now === attempt.before || isNameConflict(reason)) return NOTHING;
    const log = await engine.lastLines(now, SHOWN_LOG_LINES);
    return { log: log.trim(), removed: await engine.removeContainer(now) };
  }

  /** The plugin ends while creates are in progress: nobody will learn their ids, so they are cleared as failed. */
  async clearAll(): Promise<void> {
    await Promise.all([...this.attempts].map((attempt) => this.clear(attempt, "")));
  }
}

/** Somebody else took the name between our look and the create: what stands there now is theirs. */
function isNameConflict(reason: string): boolean {
  return /name "[^"]*" is already in use/.test(reason);
}
