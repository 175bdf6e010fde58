/**
 * Clears the pending operations of the selected stack, and says on stdout what it did, a line each.
 *
 * Pulumi notes an operation before it begins and takes the note away when it is done. Killed in between, it does not
 * know the outcome. What may exist already is then known only to Docker: a container or network that an unfinished
 * creation made and the state does not hold would meet the next `up` as a name conflict, so it is removed here. It must
 * carry every label of the pending resource. Volumes are never removed: creating one that exists adopts it. All
 * other kinds of pending operation need no more than the refresh that `make up` does.
 */
import { execFileSync } from "node:child_process";

const KINDS = {
  "docker:index/container:Container": {
    name: "container",
    labels: "{{json .Config.Labels}}",
    remove: ["rm", "--force"],
  },
  "docker:index/network:Network": { name: "network", labels: "{{json .Labels}}", remove: ["network", "rm"] },
};

const quiet = { encoding: "utf8", maxBuffer: 1 << 28 };

function run(file, args, options = {}) {
  return execFileSync(file, args, { ...quiet, stdio: ["pipe", "pipe", "pipe"], ...options });
}

/** What Docker knows of an object by its name; undefined: there is none. */
function inspect(kind, name) {
  try {
    const format = `{{json .Id}} ${kind.labels}`;
    const [id, labels] = run("docker", [kind.name, "inspect", "--format", format, name]).split(/ (.*)/s);
    return { id: JSON.parse(id), labels: JSON.parse(labels) ?? {} };
  } catch {
    return undefined;
  }
}

/** Removes what an unfinished creation made; returns a line about it. */
function removeRemains(resource, known) {
  const kind = KINDS[resource.type];
  const wanted = resource.inputs?.labels ?? [];
  if (kind === undefined || wanted.length === 0) return undefined;
  const found = inspect(kind, resource.inputs.name);
  if (found === undefined || known.has(found.id)) return undefined;
  if (!wanted.every(({ label, value }) => found.labels[label] === value)) return undefined;
  run("docker", [...kind.remove, found.id]);
  return `removed ${kind.name} ${resource.inputs.name}, which an interrupted run had begun to make`;
}

try {
  const state = JSON.parse(run("pulumi", ["stack", "export"]));
  const pending = state.deployment?.pending_operations ?? [];
  if (pending.length > 0) {
    const known = new Set((state.deployment.resources ?? []).map((resource) => resource.id));
    for (const { type, resource } of pending) {
      const line = type === "creating" ? removeRemains(resource, known) : undefined;
      if (line !== undefined) process.stdout.write(`${line}\n`);
    }
    delete state.deployment.pending_operations;
    run("pulumi", ["stack", "import"], { input: JSON.stringify(state) });
    const names = pending.map(({ type, resource }) => `${type} ${resource.urn.split("::").pop()}`);
    process.stdout.write(`forgot operations that an interrupted run had begun: ${names.join(", ")}\n`);
  }
} catch (error) {
  // What the program that failed said last is the sentence.
  const said = String(error.stderr || error.message)
    .trim()
    .split("\n");
  process.stderr.write(`${said.at(-1)}\n`);
  process.exitCode = 1;
}
