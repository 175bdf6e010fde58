import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { isSignificant, tokenize } from "../warehouse/sql/lexer";
import { accessDrift } from "../warehouse/access/drift";
import { schemaStatements } from "../warehouse/schema/source";
import type { AccessTarget } from "../warehouse/target";
import { sha256, type ClickHouse } from "./clickhouse";
import { STATE_VARIABLE } from "../warehouse/drift";
import { liveState } from "./drift";
import { users } from "../warehouse/catalogue";
import type { Network } from "./network";
import { readersIn, type Reader } from "../config/readers";
import { sha256Hex } from "../clickhouse/password-hash";

export interface AccessArgs {
  clickhouse: ClickHouse;
  network: Network;
  loaderPassword: pulumi.Output<string>;
  datalensPassword: pulumi.Output<string>;
  backupPassword: pulumi.Output<string>;
  monitorPassword: pulumi.Output<string>;
  /** Further networks (CIDR) from which the reader may connect. */
  readerNetworks: string[];
  /** Further readers, as the secret `zakaz:readers` has them. */
  readers: pulumi.Output<string> | undefined;
}

type Logins = AccessTarget["logins"];

/**
 * Users, roles, profiles, quotas and grants. `sql/10_access.sql` declares them with the users locked; this adds the hash
 * of each user's password and the networks it may come from. The apply compares the server with all of it, gives what
 * is missing and revokes what is surplus. A rotated password changes this resource alone.
 */
export class Access extends pulumi.ComponentResource {
  /** All that `npx zakaz access …` needs; secret, with hashes of the users' passwords only. */
  readonly target: pulumi.Output<Omit<AccessTarget, "passwords">>;

  constructor(name: string, args: AccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super("zakaz:access:Access", name, {}, opts);

    const own = {
      [users.loader]: args.loaderPassword,
      [users.reader]: args.datalensPassword,
      [users.backup]: args.backupPassword,
      [users.monitor]: args.monitorPassword,
    };
    const readers = (args.readers ?? pulumi.output("[]")).apply(readersIn);
    const logins = loginsOf(own, readers, args);
    const passwords = pulumi.all([pulumi.output(own), readers]).apply(([ofUsers, further]) => ({
      ...ofUsers,
      ...Object.fromEntries(further.map(({ name: user, password }) => [user, password])),
    }));
    this.target = pulumi.secret(pulumi.output({ warehouse: args.clickhouse.target, logins }));
    // Only what reads gets the passwords: it tries them, and leaves nothing in the state.
    const readingTarget = pulumi.output({ warehouse: args.clickhouse.target, logins, passwords });
    const live = liveState(accessDrift, readingTarget, args.clickhouse, this);

    new local.Command(
      `${name}-apply`,
      {
        create: "node ops/zakaz.cjs access apply --target -",
        stdin: pulumi.jsonStringify(this.target),
        // What is compared, for people to see in a preview; the command itself reads standard input.
        environment: {
          [STATE_VARIABLE]: live.state,
          ZAKAZ_ACCESS_SQL: accessHash(),
          ZAKAZ_LOGINS: logins.apply((list) => JSON.stringify(list)),
        },
        triggers: [args.clickhouse.containerId],
        addPreviousOutputInEnv: false,
        logging: local.Logging.None,
      },
      { parent: this, ...live.options },
    );

    this.registerOutputs({ target: this.target });
  }
}

/**
 * Changes when a statement about users, roles and rights does, whichever file of `sql/` it is in; not with comments and layout.
 * @param root checkout whose `sql/` is read; by default this one
 */
export function accessHash(root?: string): string {
  const statements = schemaStatements(root).filter(
    ({ kind, file }) => kind === "access" || basename(file) === ACCESS_FILE,
  );
  const words = statements.flatMap(({ text }) => [
    ...tokenize(text)
      .filter(isSignificant)
      .map((token) => token.text),
    ";",
  ]);
  return createHash("sha256").update(words.join(" ")).digest("hex");
}

/** What it holds besides, such as named collections, belongs to the access as well. */
const ACCESS_FILE = "10_access.sql";

/** Password hash and hosts of each login user, views of the further readers; no secret. */
function loginsOf(
  passwords: Record<string, pulumi.Output<string>>,
  readers: pulumi.Output<readonly Reader[]>,
  { network, readerNetworks }: AccessArgs,
): pulumi.Output<Logins> {
  const hostsOf = (subnet: string, further: readonly string[]) => ["127.0.0.1", "::1", subnet, ...further];
  const list = Object.entries(passwords).map(([user, password]) =>
    pulumi.all([sha256(password), network.subnet]).apply(([passwordSha256, subnet]) => ({
      user,
      passwordSha256,
      hosts: hostsOf(subnet, user === users.reader ? readerNetworks : []),
    })),
  );
  const further = pulumi.unsecret(
    pulumi.all([readers, network.subnet]).apply(([all, subnet]) =>
      all.map(({ name: user, password, networks, views }) => ({
        user,
        passwordSha256: sha256Hex(password),
        hosts: hostsOf(subnet, networks),
        views,
      })),
    ),
  );
  return pulumi.all([pulumi.all(list), further]).apply(([ofUsers, ofReaders]) => [...ofUsers, ...ofReaders]);
}
