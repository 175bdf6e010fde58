import { readdirSync, readFileSync } from "node:fs";

const PERIOD_MS = 25;

/** What any process of the machine shows to others, taken again and again while something runs. */
export class ProcessSampler {
  private readonly commandLines = new Set<string>();
  private readonly environments = new Set<string>();
  /** Processes by number and command line: what is looked at once is not read again. */
  private readonly seen = new Set<string>();
  private readonly timer = setInterval(() => this.sample(), PERIOD_MS);

  /** Ends the sampling, with a last look at what lives on. */
  stop(): { commandLines: string; environments: string } {
    clearInterval(this.timer);
    this.sample();
    const { commandLines, environments } = this;
    return { commandLines: [...commandLines].join("\n"), environments: [...environments].join("\n") };
  }

  private sample(): void {
    for (const entry of readdirSync("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const command = read(`/proc/${entry}/cmdline`);
      if (command === "" || this.seen.has(`${entry} ${command}`)) continue;
      this.commandLines.add(command);
      // A container's own processes; a call of the client inside lives for a moment and may have a password there.
      if (!command.includes("client") && read(`/proc/${entry}/cgroup`).includes("docker")) {
        const environment = read(`/proc/${entry}/environ`);
        // Between the two readings the process may have become another program, such as a call of the client.
        if (read(`/proc/${entry}/cmdline`) !== command) continue;
        this.environments.add(environment);
      }
      this.seen.add(`${entry} ${command}`);
    }
  }
}

/** A file of /proc; empty when its process has ended. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
