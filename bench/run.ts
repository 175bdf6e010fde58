import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, Option } from "commander";
import { benchLoader } from "./loader";
import { benchVkAds } from "./vk-ads";
import { must, ROOT, run, TestStack } from "../test/support/stack";

/**
 * `make bench`: figures of one run on one machine. Ratios within a run mean something; seconds only say where
 * this machine stands today. Nothing here fails for being slow.
 */
const ROUNDS = 5;

/** Seconds that `work` takes. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

const median = (values: number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
const seconds = (values: number[]) =>
  `${median(values).toFixed(2)} s (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}, ${values.length} rounds)`;
const say = (line: string) => process.stdout.write(`${line}\n`);

/** From `docker start` of the stopped server's container to its first `healthy`. */
async function startToHealthy(container: string): Promise<number> {
  await must(run("docker", ["stop", container]));
  return timed(async () => {
    await must(run("docker", ["start", container]));
    while (
      (await must(run("docker", ["inspect", "-f", "{{.State.Health.Status}}", container]))).stdout.trim() !==
      "healthy"
    ) {
      await sleep(20);
    }
  });
}

/** The least TypeScript program Pulumi can run, beside the real one. */
function emptyProgram(stack: TestStack): string {
  const folder = join(stack.folder, "empty");
  mkdirSync(folder);
  writeFileSync(join(folder, "Pulumi.yaml"), "name: empty\nruntime: nodejs\nmain: index.ts\n");
  writeFileSync(join(folder, "index.ts"), 'import "@pulumi/pulumi";\n');
  writeFileSync(
    join(folder, "tsconfig.json"),
    '{ "compilerOptions": { "module": "nodenext", "noCheck": true }, "files": ["index.ts"] }\n',
  );
  writeFileSync(
    join(folder, "package.json"),
    '{ "name": "empty", "dependencies": { "@pulumi/pulumi": "*" } }\n',
  );
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

async function benchStack(): Promise<void> {
  const stack = new TestStack(`bench${process.pid}`);
  try {
    // The data of an ordinary dev stack, its health asked as often.
    await stack.configure({ settings: { sandbox: undefined, healthInterval: "500ms" } });

    const first = await timed(() => stack.up());
    say(`pulumi up from nothing, images built: ${first.toFixed(2)} s`);

    const healthy: number[] = [];
    for (let i = 0; i < ROUNDS; i++) healthy.push(await startToHealthy(stack.server));
    say(`container start to healthy: ${seconds(healthy)}; aim 1.5 s`);

    const commands: { status: number[]; help: number[] } = { status: [], help: [] };
    for (let i = 0; i < ROUNDS; i++) {
      commands.help.push(await timed(() => must(stack.zakaz("--help"))));
      commands.status.push(await timed(() => must(stack.zakaz("status"))));
    }
    const more = median(commands.status) - median(commands.help);
    say(`zakaz status: ${seconds(commands.status)}`);
    say(`zakaz --help: ${seconds(commands.help)}`);
    say(`status takes ${more.toFixed(2)} s longer; aim 1 s`);

    const empty = emptyProgram(stack);
    const emptyEnv = { cwd: empty, env: stack.env };
    await must(run("pulumi", ["stack", "init", stack.name, "--non-interactive"], emptyEnv));
    const previews: { own: number[]; empty: number[] } = { own: [], empty: [] };
    for (let i = 0; i < ROUNDS; i++) {
      previews.own.push(await timed(() => must(stack.pulumi("preview", "--expect-no-changes"))));
      previews.empty.push(await timed(() => must(run("pulumi", ["preview", "--non-interactive"], emptyEnv))));
    }
    say(`no-op pulumi preview: ${seconds(previews.own)}`);
    say(`pulumi preview of an empty TypeScript program: ${seconds(previews.empty)}`);
    say(`ratio: ${(median(previews.own) / median(previews.empty)).toFixed(2)}; aim 2`);

    // Images that another name keeps: the layers stay when the stack's own names go.
    const images = (await must(run("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}"]))).stdout
      .split("\n")
      .filter((name) => name.includes(stack.instance));
    const kept = images.map((name, i) => [name, `zakaz-bench-keep:${process.pid}-${i}`] as const);
    for (const [name, keep] of kept) await must(run("docker", ["tag", name, keep]));
    try {
      await must(stack.pulumi("destroy", "--yes"));
      const up = await timed(() => stack.up());
      say(`pulumi up from nothing, images present: ${up.toFixed(2)} s; aim 25 s`);
    } finally {
      for (const [, keep] of kept) await run("docker", ["rmi", keep]);
    }
  } finally {
    await stack.remove();
  }
}

const { only, orders } = new Command("bench")
  .description(
    "Figures of the stack and of the loaders. `make bench` measures all, the loader of Qtickets at 10 k and 100 k orders.",
  )
  .addOption(new Option("--only <part>", "measure one of them").choices(["stack", "loader", "vk-ads"]))
  .option("--orders <list>", "sizes of the loader's runs, for example 10000,100000,1000000", "10000,100000")
  .parse()
  .opts<{ only?: string; orders: string }>();

async function main(): Promise<void> {
  const parts = only === undefined ? ["stack", "loader", "vk-ads"] : [only];
  if (parts.includes("stack")) await benchStack();
  if (parts.includes("loader")) await benchLoader(orders.split(",").map(Number));
  if (parts.includes("vk-ads")) await benchVkAds();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
