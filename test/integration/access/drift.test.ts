import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyAccess, type AccessServer } from "../../../ops/access/apply";
import { mendable, sentence } from "../../../ops/access/difference";
import { refusedLogins } from "../../../ops/access/login";
import { readDifferences } from "../../../ops/access/read";
import type { TestServer } from "../../support/server-common";
import { accessServer, declarationWith, newPasswords, SERVERS } from "./support";

interface Case {
  /** Statements given by hand. */
  change: string;
  /** What differs afterwards, in order. */
  seen: string[];
  /** The same on the embedded engine, where it differs. */
  seenEmbedded?: string[];
  /** Statements that take away what `apply` leaves. */
  clean?: string;
}

const undeclared = (noun: string, name: string) =>
  `there is a ${noun.toLowerCase()} ${name}, which nobody declared: declare it in sql/10_access.sql, or take it away with DROP ${noun.toUpperCase()} ${name}`;
const views = [
  "v_qtickets_sales_dashboard",
  "v_qtickets_sales_latest",
  "v_qtickets_sales_14d",
  "v_qtickets_inventory",
  "v_qtickets_freshness",
  "v_qtickets_sales_utm_daily",
  "v_marketing_costs_daily",
  "v_marketing_daily",
  "v_romi_daily",
  "v_plan_vs_fact",
];

const grants: Case[] = [
  {
    change: "REVOKE SELECT, SHOW TABLES ON bi.* FROM role_bi_reader",
    seen: [
      "role_bi_reader lacks SELECT ON bi.v_sales_daily",
      "role_bi_reader lacks SELECT ON bi.v_vk_ads_daily",
      "role_bi_reader lacks SELECT ON bi.v_marketing_roi_daily",
      "role_bi_reader lacks SELECT ON bi.v_ops_freshness",
      "role_bi_reader lacks SHOW TABLES ON bi.*",
    ],
  },
  {
    change: "GRANT SELECT, INSERT ON zakaz.dim_events TO role_bi_reader",
    seen: ["role_bi_reader has SELECT, INSERT ON zakaz.dim_events, which nobody declared"],
  },
  {
    // The server forgets the narrower grants, so they have to come back when the wide one goes.
    change: "GRANT SELECT ON zakaz.* TO role_bi_reader",
    seen: [
      "role_bi_reader has SELECT ON zakaz.*, which nobody declared",
      ...views.map((view) => `role_bi_reader lacks SELECT ON zakaz.${view}`),
    ],
  },
  {
    change: "GRANT SELECT(city, event_id) ON zakaz.dim_events TO datalens_reader",
    seen: ["datalens_reader has SELECT(city), SELECT(event_id) ON zakaz.dim_events, which nobody declared"],
  },
  {
    change: "GRANT SELECT ON bi.v_sales_daily TO role_bi_reader WITH GRANT OPTION",
    seen: ["role_bi_reader may pass on SELECT ON bi.v_sales_daily, which nobody declared"],
  },
  {
    change: "REVOKE SHOW TABLES ON zakaz.plan_sales FROM role_bi_reader",
    seen: ["role_bi_reader has the revoke of SHOW TABLES ON zakaz.plan_sales, which nobody declared"],
  },
  {
    change: "GRANT KILL QUERY, CREATE TEMPORARY TABLE ON *.* TO etl_writer",
    seen: ["etl_writer has CREATE TEMPORARY TABLE, KILL QUERY ON *.*, which nobody declared"],
  },
];

const roles: Case[] = [
  {
    change: "GRANT role_etl_writer TO datalens_reader; SET DEFAULT ROLE ALL TO datalens_reader",
    seen: [
      "datalens_reader has the role role_etl_writer, which nobody declared",
      "datalens_reader: default roles are role_bi_reader, role_etl_writer, declared role_bi_reader",
    ],
  },
  {
    change: "GRANT role_bi_reader TO datalens_reader WITH ADMIN OPTION",
    seen: ["datalens_reader may pass on the role role_bi_reader, which nobody declared"],
  },
  {
    change: "SET DEFAULT ROLE NONE TO datalens_reader",
    seen: ["datalens_reader: default roles are none, declared role_bi_reader"],
    // users.xml knows no role that is granted and no default.
    seenEmbedded: [
      "datalens_reader lacks the role role_bi_reader",
      "datalens_reader: default roles are none, declared role_bi_reader",
    ],
  },
  {
    change: "DROP ROLE role_bi_reader",
    seen: [
      "the role role_bi_reader is missing",
      "datalens_reader lacks the role role_bi_reader",
      "datalens_reader: default roles are none, declared role_bi_reader",
    ],
  },
  {
    change: "CREATE ROLE other; GRANT SELECT ON *.* TO other; GRANT other TO role_bi_reader",
    seen: ["role_bi_reader has the role other, which nobody declared", undeclared("role", "other")],
    clean: "DROP ROLE other",
  },
];

const profiles: Case[] = [
  {
    change:
      "ALTER SETTINGS PROFILE backup_profile SETTINGS readonly = 0, log_queries = 1, max_memory_usage = 1073741824, " +
      "max_threads = 9 MAX 9, max_execution_time = 7200, allow_ddl = 0 CONST, allow_introspection_functions = 0 CONST, final = 1",
    seen: [
      "backup_profile: log_queries is 1, declared 1 CONST",
      "backup_profile: max_memory_usage is 1073741824, declared 1073741824 MAX 1073741824",
      "backup_profile: max_threads is 9 MAX 9, declared 2",
      "backup_profile: max_concurrent_queries_for_user is not set, declared 2",
      "backup_profile: final is 1, which nobody declared",
    ],
  },
  {
    change: "ALTER USER datalens_reader SETTINGS max_threads = 8",
    seen: [
      "datalens_reader: max_threads is 8, which nobody declared",
      "datalens_reader: profile is none, declared bi_reader_profile",
    ],
  },
  {
    change: "ALTER ROLE role_bi_reader SETTINGS max_threads = 8",
    seen: ["role_bi_reader: max_threads is 8, which nobody declared"],
    seenEmbedded: ["datalens_reader: max_threads is 8, which nobody declared"],
  },
  {
    change: "ALTER SETTINGS PROFILE etl_profile TO datalens_reader",
    seen: ["the settings profile etl_profile is given to datalens_reader, declared nobody"],
    seenEmbedded: ["datalens_reader: profile is etl_profile, bi_reader_profile, declared bi_reader_profile"],
  },
  {
    change: "CREATE SETTINGS PROFILE wide SETTINGS max_threads = 9 TO role_bi_reader",
    seen: [
      "the settings profile wide, which nobody declared, is given to role_bi_reader",
      undeclared("settings profile", "wide"),
    ],
    seenEmbedded: [
      "datalens_reader: profile is wide, bi_reader_profile, declared bi_reader_profile",
      undeclared("settings profile", "wide"),
    ],
    clean: "DROP SETTINGS PROFILE wide",
  },
];

const usersAndQuotas: Case[] = [
  {
    change: "ALTER USER datalens_reader HOST ANY",
    seen: ["datalens_reader may come from ANY, declared 172.16.0.0/12, LOCAL"],
  },
  {
    change: "ALTER USER zakaz_definer IDENTIFIED BY 'By-hand-1' HOST LOCAL SETTINGS PROFILE 'etl_profile'",
    seen: [
      "zakaz_definer may come from LOCAL, declared nowhere",
      "zakaz_definer: profile is etl_profile, declared none",
    ],
  },
  {
    change: "DROP USER backup_user",
    seen: [
      "the user backup_user is missing",
      "the quota backup_quota is given to nobody, declared backup_user",
    ],
  },
  {
    change: "CREATE USER stranger IDENTIFIED BY 'Strange-1'; GRANT SELECT ON zakaz.* TO stranger",
    seen: [undeclared("user", "stranger")],
    clean: "DROP USER stranger",
  },
  {
    change:
      "ALTER QUOTA backup_quota FOR INTERVAL 1 hour MAX queries = 1, FOR INTERVAL 1 day MAX queries = 9",
    seen: [
      "the quota backup_quota is KEYED BY user_name FOR INTERVAL 3600 SECOND MAX queries = 1, " +
        "FOR INTERVAL 86400 SECOND MAX queries = 9, declared KEYED BY user_name FOR INTERVAL 86400 SECOND MAX queries = 1000",
    ],
  },
  {
    change:
      "ALTER QUOTA bi_reader_quota TO NONE; CREATE QUOTA tight KEYED BY user_name FOR INTERVAL 1 day MAX queries = 1 TO datalens_reader",
    seen: [
      "the quota tight, which nobody declared, is given to datalens_reader",
      "the quota bi_reader_quota is given to nobody, declared datalens_reader",
      undeclared("quota", "tight"),
    ],
    clean: "DROP QUOTA tight",
  },
];

describe.each(SERVERS)("access on $name", ({ embedded, start }) => {
  const passwords = newPasswords();
  const declaration = declarationWith(passwords);
  let server: TestServer;
  let access: AccessServer;
  beforeAll(async () => {
    server = await start();
    access = accessServer(server);
  });
  afterAll(() => server?.stop());

  const differences = async () => (await readDifferences(access, declaration)).differences.map(sentence);

  it("starts with everything missing, and is as declared after one apply", async () => {
    const { mended, left } = await applyAccess(access, declaration);
    expect(mended.map(({ text }) => text)).toEqual([
      ...["role_etl_writer", "role_bi_reader", "role_backup_operator"].map(
        (name) => `the role ${name} is missing`,
      ),
      ...["etl_profile", "bi_reader_profile", "backup_profile"].map(
        (name) => `the settings profile ${name} is missing`,
      ),
      ...["zakaz_definer", "etl_writer", "datalens_reader", "backup_user"].map(
        (name) => `the user ${name} is missing`,
      ),
      ...["bi_reader_quota", "etl_writer_quota", "backup_quota"].map(
        (name) => `the quota ${name} is missing`,
      ),
    ]);
    expect(left).toEqual([]);
    expect(await refusedLogins(server.httpUrl, passwords)).toEqual([]);
  });

  it("is the same after the file itself was piped into the client", async () => {
    const { code } = await server.client(["--multiquery"], declaration.sql);
    expect(code).toBe(0);
    expect(await differences()).toEqual([]);
  });

  it.each([...grants, ...roles, ...profiles, ...usersAndQuotas])(
    "sees and mends: $change",
    async ({ change, seen, seenEmbedded, clean }) => {
      await access.client(change);
      expect(await differences()).toEqual(embedded ? (seenEmbedded ?? seen) : seen);
      const { left } = await applyAccess(access, declaration);
      expect(mendable(left)).toEqual([]);
      expect(left.length).toBe(clean === undefined ? 0 : 1);
      if (clean !== undefined) await access.client(clean);
      expect(await differences()).toEqual([]);
    },
  );

  // Rights on other things than tables; each version shows them in its own way.
  it.each(["ALL ON bi.*", "URL ON *.*", "SET DEFINER ON zakaz_definer"])("takes back %s", async (right) => {
    await access.client(`GRANT ${right} TO role_bi_reader`);
    expect((await differences())[0]).toMatch(/^role_bi_reader has .*, which nobody declared$/);
    await applyAccess(access, declaration);
    expect(await differences()).toEqual([]);
  });

  it("notices a password set by hand, and restores the declared one", async () => {
    await access.client("ALTER USER datalens_reader IDENTIFIED WITH plaintext_password BY 'By-hand-123!'");
    const refused = await refusedLogins(server.httpUrl, passwords);
    expect(refused).toEqual(["datalens_reader"]);
    const { mended } = await applyAccess(access, declaration, refused);
    expect(mended.map(({ text }) => text)).toEqual([
      "datalens_reader is refused with its configured password",
      // The embedded engine keeps every password as sha256.
      ...(embedded
        ? []
        : ["datalens_reader is identified with plaintext_password, declared sha256_password"]),
    ]);
    expect(await refusedLogins(server.httpUrl, passwords)).toEqual([]);
    const byHand = { datalens_reader: "By-hand-123!" };
    expect(await refusedLogins(server.httpUrl, byHand)).toEqual(["datalens_reader"]);
  });

  it("names what it could not mend, and shows no hash in an error", async () => {
    const idle: AccessServer = { ...access, client: () => Promise.resolve() };
    await access.client("REVOKE SELECT ON bi.v_sales_daily FROM role_bi_reader");
    await expect(applyAccess(idle, declaration)).rejects.toThrow(
      "Access is not as declared after it was applied: role_bi_reader lacks SELECT ON bi.v_sales_daily",
    );
    const angry: AccessServer = {
      ...access,
      client: (statements) => Promise.reject(new Error(`Cannot run: ${statements}`)),
    };
    const error = await applyAccess(angry, declaration).catch(String);
    expect(error).toContain("Access was not applied: Cannot run: GRANT SELECT ON bi.v_sales_daily");
    expect(error).not.toMatch(/[0-9a-f]{64}/);
    await applyAccess(access, declaration);
  });
});
