import { passwordKey } from "../../warehouse/catalogue";
import type { Difference } from "../../warehouse/schema/difference";
import { MOSCOW } from "../../loaders/core/values";
import type { Source } from "../../loaders/pipeline/source";
import type { Trouble } from "./trouble";

/** A trouble with what the causes may say of it. */
export interface Facts extends Trouble {
  /** Difference of the schema from `sql/` that explains it. */
  schema?: Difference;
  /** The same of users and grants, in a few words. */
  access?: string;
  /** The source of the run that failed. */
  source?: Source;
  /** The command that runs it again. */
  again: string;
  /** The command that lists the rows that it put aside. */
  quarantine: string;
  /** Name of the server's container, and its memory in MiB. */
  container: string;
  memory: number;
  /** Name of the sandbox's; empty: the stack has none. */
  sandbox: string;
  /** The Docker network in which loaders run, and their image. */
  network: string;
  image: string;
}

/**
 * A cause: how it is recognised, what it says, what to type. Its sentence is `<what>; <type> <effect>`.
 */
export interface Cause {
  name: string;
  /** Any of these signs … */
  signs: readonly (string | RegExp)[];
  /** … with all of these … */
  with?: readonly string[];
  /** … and with a difference from what is declared that explains it, by its words. */
  schema?: RegExp;
  access?: RegExp;
  what: (facts: Facts) => string;
  type: (facts: Facts) => string;
  effect: string;
}

const ACCESS_APPLY = () => "npx zakaz access apply";
const SCHEMA_APPLY = () => "npx zakaz schema apply";
const LACKING = ["lacks column", "lacks table", "takes no NULL"];
const UNKNOWN_COLUMN = ["lacks column", "code 8", "code 10", "code 16", "code 47"];
const UNKNOWN_TABLE = ["lacks table", "code 60", "code 81"];
/** Of types, values that do not parse, NULL, overflow, arithmetic. */
const TYPE_MISMATCH = [
  "takes no NULL",
  ...[6, 26, 27, 38, 41, 43, 53, 69, 70, 72, 117, 131, 349, 386, 407, 469].map((code) => `code ${code}`),
];
const MEMORY = ["code 241", "code 173"];
const TIMEOUT = ["code 159", "code 160"];

/** A statement that the operator types, as admin. */
const byHand = (sql: string) => (f: Facts) =>
  `docker exec -it ${f.container} clickhouse-client --user=admin --ask-password -q "${sql}"`;

const where = ({ object }: Facts) => (object === undefined ? "" : ` on ${object}`);
const columnOf = ({ schema, column }: Facts) =>
  /^column (\S+?):? /.exec(schema?.aspect ?? "")?.[1] ?? column ?? "a column";
const vendor = ({ source, who }: Facts) => source?.title ?? who;
const reason = ({ said }: Facts) => said.replace(/[.\s]+$/, "");

/** Commands that set the secret of a source; of several parts, the one that is an example. */
function setSecret({ source }: Facts): string {
  const [key, secret] = Object.entries(source?.secrets ?? {}).find(([, { kind }]) => kind === "token") ?? [];
  if (key === undefined) return "pulumi config";
  const example = secret?.parts?.example;
  return example === undefined
    ? `pulumi config set --secret zakaz:${key}`
    : `pulumi config set --secret --path 'zakaz:${key}${example}'`;
}

/** Every cause that is known. The first that fits is the one; the last fits any failure of a run. */
export const CAUSES: readonly Cause[] = [
  // The server.
  {
    name: "server absent",
    signs: ["container absent"],
    what: (f) => `The server's container ${f.container} is not there`,
    type: () => "make up",
    effect: "makes it anew, and its data are where they were, in volumes",
  },
  {
    name: "memory",
    signs: ["container out of memory"],
    what: (f) => `The server was ended because ${f.container} had used up its ${f.memory} MiB of memory`,
    type: (f) => `pulumi config set zakaz:memory ${2 * f.memory} && pulumi up`,
    effect: "gives it twice as much",
  },
  {
    name: "server stopped",
    signs: ["container exited", "container created", "container dead"],
    what: (f) => `The server is stopped: ${reason(f)}`,
    type: (f) => `docker start ${f.container}`,
    effect: "starts it",
  },
  {
    name: "server paused",
    signs: ["container paused"],
    what: (f) => `The server's container ${f.container} is paused`,
    type: (f) => `docker unpause ${f.container}`,
    effect: "lets it go on",
  },
  {
    name: "server restarting",
    signs: ["container restarting"],
    what: (f) => `The server ends again and again: ${reason(f)}`,
    type: (f) => `docker logs --tail 50 ${f.container}`,
    effect: "shows what it says before it ends",
  },
  {
    name: "server starting",
    signs: ["server silent"],
    with: ["container starting"],
    what: (f) => `The server in ${f.container} is starting and does not answer yet`,
    type: () => "npx zakaz status",
    effect: "shows when it does",
  },
  {
    name: "server stopped",
    signs: ["server silent"],
    with: ["container unknown"],
    what: (f) => `The server does not answer, nor does Docker (${reason(f)})`,
    type: () => "make up",
    effect: "starts both",
  },
  {
    name: "server silent",
    signs: ["server silent"],
    what: (f) => `The server's container ${f.container} runs, and the server does not answer (${reason(f)})`,
    type: (f) => `docker restart ${f.container}`,
    effect: "starts it again",
  },
  {
    name: "admin refused",
    signs: ["admin refused"],
    what: () => "The server does not let admin in with the password of the stack",
    type: (f) => `docker rm -f ${f.container} && make up`,
    effect: "makes the container anew with it, and the data are where they were, in volumes",
  },
  {
    name: "server unhealthy",
    signs: ["container unhealthy"],
    what: (f) => `The server answers, and the health check of ${f.container} fails`,
    type: (f) => `docker inspect -f '{{json .State.Health.Log}}' ${f.container}`,
    effect: "shows what the check says",
  },
  {
    name: "zone",
    signs: ["zone"],
    what: (f) => `The server counts its days in ${reason(f)} and not in ${MOSCOW}`,
    type: (f) => `docker rm -f ${f.container} && make up`,
    effect: "gives it the configuration of clickhouse/config.d/ again",
  },
  {
    name: "clock",
    signs: ["server clock"],
    what: (f) => `The clock of the server is ${reason(f)} the clock of this machine`,
    type: () => "timedatectl set-ntp true",
    effect: "sets the clock of the machine that is wrong",
  },
  {
    name: "clock",
    signs: ["run clock"],
    what: (f) => `The clock of the machine that ran ${f.who} was ${reason(f)} the clock of the server`,
    type: () => "timedatectl set-ntp true",
    effect: "on that machine sets it, before the next run",
  },
  {
    name: "disk full",
    signs: ["disk full"],
    what: (f) => `The disk of the server is full (${reason(f)})`,
    type: () => "docker system df -v",
    effect: "shows what takes the room that has to be made before the next load",
  },

  // Logins.
  {
    name: "locked user",
    signs: ["login host", "login password", "login unknown"],
    access: /may come from nowhere/,
    what: (f) => `${f.user} is locked: it may log in from nowhere`,
    type: ACCESS_APPLY,
    effect: "lets it in as declared",
  },
  {
    name: "host not allowed",
    signs: ["login host"],
    access: /may come from/,
    what: (f) => `${f.user} is not let in from ${f.address}, as ${f.access}`,
    type: ACCESS_APPLY,
    effect: "allows what is declared",
  },
  {
    name: "host not allowed",
    signs: ["login host"],
    what: (f) => `${f.user} is not let in from ${f.address}, which is in none of its declared networks`,
    type: (f) => `pulumi config set --path 'zakaz:readerNetworks[0]' ${f.address}/32 && pulumi up`,
    effect: "allows that address to datalens_reader; a load comes from an allowed one by npx zakaz load",
  },
  {
    name: "expired user",
    signs: ["login host", "login password"],
    access: /is valid until/,
    what: (f) => `${f.user} is not let in, as ${f.access}`,
    type: ACCESS_APPLY,
    effect: "makes it as declared",
  },
  {
    name: "missing user",
    signs: ["login unknown"],
    what: (f) => `There is no user ${f.user} on the server, and sql/10_access.sql declares it`,
    type: ACCESS_APPLY,
    effect: "makes it",
  },
  {
    name: "wrong password",
    signs: ["login password"],
    with: ["stack's password"],
    what: (f) =>
      `${f.user} is not let in with the password of the stack, as another one was set on the server`,
    type: ACCESS_APPLY,
    effect: "sets that of the stack again",
  },
  {
    name: "wrong password",
    signs: ["login password"],
    what: (f) => `Somebody logs in as ${f.user} from ${f.address} with a wrong password`,
    type: (f) => `pulumi config get zakaz:${passwordKey(f.user ?? "") ?? "readers"}`,
    effect: "shows the right one, which that client needs",
  },

  // Statements.
  {
    name: "schema behind the code",
    signs: [...LACKING, ...UNKNOWN_COLUMN, ...UNKNOWN_TABLE],
    with: ["schema behind"],
    what: (f) => `The schema of the server is behind the code, and ${f.who} fails on it`,
    type: SCHEMA_APPLY,
    effect: "brings it up to date",
  },
  {
    name: "missing table",
    signs: [...UNKNOWN_TABLE, ...UNKNOWN_COLUMN],
    schema: /^(?:database|table|view|materialized view) missing$/,
    what: (f) => `${f.who} fails because ${f.schema!.object}, which sql/ declares, is not on the server`,
    type: SCHEMA_APPLY,
    effect: "makes it anew, without the rows that it had",
  },
  {
    name: "unknown column",
    signs: UNKNOWN_COLUMN,
    schema: /^column \S+ missing$/,
    what: (f) =>
      `${f.who} fails on ${f.schema!.object}: the server lacks its column ${columnOf(f)}, which sql/ declares`,
    type: SCHEMA_APPLY,
    effect: "adds it",
  },
  {
    name: "unknown column",
    signs: UNKNOWN_COLUMN,
    schema: /^(?:columns|query)$/,
    what: (f) => `${f.who} fails on ${f.schema!.object}, which is another view than in sql/`,
    type: SCHEMA_APPLY,
    effect: "makes it as declared",
  },
  {
    name: "type mismatch",
    signs: TYPE_MISMATCH,
    with: ["fixed in place"],
    schema: /: type$/,
    what: (f) =>
      `${f.who} fails on ${f.schema!.object}: its column ${columnOf(f)} is ${f.schema!.found}, and sql/ declares ${f.schema!.wanted}`,
    type: SCHEMA_APPLY,
    effect: "makes it as declared",
  },
  {
    name: "type mismatch",
    signs: TYPE_MISMATCH,
    schema: /: type$/,
    what: (f) =>
      `${f.who} fails on ${f.schema!.object}: its column ${columnOf(f)} is ${f.schema!.found}, and sql/ declares ${f.schema!.wanted}`,
    type: (f) =>
      byHand(`ALTER TABLE ${f.schema!.object} MODIFY COLUMN ${columnOf(f)} ${f.schema!.wanted}`)(f),
    effect: "makes it as declared, if its values allow that",
  },
  {
    name: "missing grant",
    signs: ["code 497", ...LACKING],
    access: / lacks | default roles /,
    what: (f) => `${f.who} is refused${where(f)}, as ${f.access}`,
    type: ACCESS_APPLY,
    effect: "gives it back",
  },
  {
    name: "missing grant",
    signs: ["code 497"],
    with: ["by a loader"],
    what: (f) =>
      `${f.who} is refused${where(f)}, and sql/10_access.sql does not give it the right (${reason(f)})`,
    type: () => "npx zakaz validate",
    effect: "says which GRANT to write there, and pulumi up gives it",
  },
  {
    name: "memory",
    signs: MEMORY,
    access: /memory/,
    what: (f) => `${f.who} may not use enough memory, as ${f.access}`,
    type: ACCESS_APPLY,
    effect: "gives it what is declared",
  },
  {
    name: "memory",
    signs: MEMORY,
    what: (f) => `The memory of the server is not enough for ${f.who} (${reason(f)})`,
    type: (f) => `pulumi config set zakaz:memory ${2 * f.memory} && pulumi up`,
    effect: "gives the server twice as much",
  },
  {
    name: "disk full",
    signs: ["code 243", "no space"],
    what: () => "The disk of the server was full",
    type: () => "docker system df -v",
    effect: "shows what takes the room that has to be made before the next load",
  },
  {
    name: "too many parts",
    signs: ["code 252"],
    what: (f) => `${f.who} fails because ${f.object ?? "a table"} has too many parts, as merging lags behind`,
    type: (f) => byHand(`OPTIMIZE TABLE ${f.object ?? "…"}`)(f),
    effect: "merges them",
  },
  {
    name: "timeout",
    signs: TIMEOUT,
    access: /max_execution_time|timeout/,
    what: (f) => `${f.who} gets too little time for a statement, as ${f.access}`,
    type: ACCESS_APPLY,
    effect: "gives it what is declared",
  },
  {
    name: "timeout",
    signs: TIMEOUT,
    what: (f) => `A statement of ${f.who}${where(f)} took longer than max_execution_time of ${f.user} allows`,
    type: () => "pulumi up",
    effect: "allows more once that is raised in sql/10_access.sql",
  },
  {
    name: "readonly",
    signs: ["code 164"],
    access: /readonly|allow_ddl/,
    what: (f) => `${f.who} may not write, as ${f.access}`,
    type: ACCESS_APPLY,
    effect: "lets it write again",
  },
  {
    name: "quota",
    signs: ["code 201"],
    access: /quota/,
    what: (f) => `${f.who} is stopped by a quota, as ${f.access}`,
    type: ACCESS_APPLY,
    effect: "makes it as declared",
  },
  {
    name: "quota",
    signs: ["code 201"],
    what: (f) => `${f.who} has used up the quota of ${f.user}, which begins anew with the hour`,
    type: () => "pulumi up",
    effect: "allows more once the quota is raised in sql/10_access.sql",
  },
  {
    name: "server lost",
    signs: ["server lost"],
    what: (f) => `${f.who} lost the server in its middle (${reason(f)}), and it answers again`,
    type: (f) => f.again,
    effect: "loads what is missing",
  },

  // Vendors.
  {
    name: "vendor's token refused",
    signs: ["HTTP 401", "HTTP 403", "token refused"],
    what: (f) => `${vendor(f)} refuses the token of ${f.who} or its rights`,
    type: (f) => `${setSecret(f)} && pulumi up`,
    effect: "takes a new one",
  },
  {
    name: "vendor's rate limit",
    signs: ["HTTP 429", "calls used up"],
    what: (f) => `${vendor(f)} allows ${f.who} no more requests for now`,
    type: (f) => f.again,
    effect: "goes on where it ended, after an hour, or after midnight where the limit is that of the day",
  },
  {
    name: "sandbox stopped",
    signs: [/^network /],
    with: ["sandbox stopped"],
    what: (f) => `The sandbox is stopped, and ${f.who} reads from it`,
    type: (f) => `docker start ${f.sandbox}`,
    effect: "starts it, before the next load",
  },
  {
    name: "sandbox paused",
    signs: [/^network /],
    with: ["sandbox paused"],
    what: (f) => `The sandbox is paused, and ${f.who} reads from it`,
    type: (f) => `docker unpause ${f.sandbox}`,
    effect: "lets it go on, before the next load",
  },
  {
    name: "sandbox absent",
    signs: [/^network /],
    with: ["sandbox absent"],
    what: (f) => `The sandbox's container ${f.sandbox} is not there, and ${f.who} reads from it`,
    type: () => "pulumi up --refresh",
    effect: "makes it anew, before the next load",
  },
  {
    name: "sandbox stopped",
    signs: ["network ENOTFOUND", "network EAI_AGAIN"],
    with: ["sandbox running"],
    what: (f) => `The sandbox did not run when ${f.who} read from it, and runs again`,
    type: (f) => f.again,
    effect: "loads what is missing",
  },
  {
    name: "network without DNS",
    signs: ["network ENOTFOUND", "network EAI_AGAIN"],
    what: (f) => `The name of ${vendor(f)} cannot be resolved where ${f.who} runs`,
    type: (f) => `docker run --rm --network ${f.network} --entrypoint getent ${f.image} hosts yandex.ru`,
    effect: "shows whether any name can, which is for the host's /etc/resolv.conf to mend",
  },
  {
    name: "vendor down",
    signs: [/^HTTP 5\d\d$/, /^network /],
    what: (f) => `${vendor(f)} does not answer as it should (${reason(f)})`,
    type: (f) => f.again,
    effect: "loads what is missing once it does",
  },

  {
    name: "vendor's answer",
    signs: [/^HTTP [23]\d\d$/],
    what: (f) => `${vendor(f)} answers ${f.who} otherwise than it should (${reason(f)})`,
    type: (f) => f.again,
    effect: "tries again, and if it stays so the loader has to learn the new answer",
  },

  // Runs.
  {
    name: "rows put aside",
    signs: ["rows put aside"],
    what: (f) => `${vendor(f)} sends rows that ${f.who} cannot read (${reason(f)})`,
    type: (f) => f.quarantine,
    effect: "lists them",
  },
  {
    name: "run too long",
    signs: ["time used up"],
    what: (f) => `${f.who} used up its time`,
    type: (f) => f.again,
    effect: "goes on where it ended",
  },
  {
    name: "diagnosis refused",
    signs: ["by diagnose"],
    what: (f) => `The server refuses what diagnose asks (${reason(f)})`,
    type: (f) => `docker logs --tail 50 ${f.container}`,
    effect: "shows what it says",
  },
  {
    name: "other failure",
    signs: ["by a loader"],
    what: (f) => `${f.who} failed${where(f)}: ${reason(f)}`,
    type: (f) => f.again,
    effect: "runs it again, and with -- --verbose it says more",
  },
];
