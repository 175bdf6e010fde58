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
  /** It was given up before the upstream provider was done with it. */
  abandoned: boolean;
}

export class Leftovers {
  private readonly attempts = new Set<Attempt>();

  constructor(private readonly engine: () => Engine) {}

  /** Notes what stands under the name before a create; the returned attempt is to be ended or cleared. */
  async begin(name: string): Promise<Attempt> {
    const attempt = { name, before: await this.engine().containerId(name), abandoned: false };
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

  /**
   * Gives up the creates in progress, because Pulumi cancels or ends: nobody will learn the ids of their containers.
   * The upstream provider, if it still waits for one to become healthy, fails as soon as the container has gone.
   */
  async abandonAll(): Promise<void> {
    await Promise.all(
      [...this.attempts].map((attempt) => {
        attempt.abandoned = true;
        return this.clear(attempt, "");
      }),
    );
  }
}

/** Somebody else took the name between our look and the create: what stands there now is theirs. */
function isNameConflict(reason: string): boolean {
  return /name "[^"]*" is already in use/.test(reason);
}
