import { z } from "zod";

/** A ClickHouse server, wherever it runs. */
const server = z.object({
  /** Its HTTP interface as seen from here, http or https. */
  url: z.url({ protocol: /^https?$/ }),
  /** For https, as PEM texts; the names are those of Node. */
  tls: z
    .object({
      /** Who may have signed the server's certificate; by default those whom Node trusts. */
      ca: z.string(),
      /** Certificate and key that are shown to a server which asks for them. */
      cert: z.string(),
      key: z.string(),
      /** False: whoever answers is believed to be the server. */
      rejectUnauthorized: z.boolean(),
    })
    .partial()
    .optional(),
  /** Its container, so that a message can say how to start it; none for a server elsewhere. */
  container: z.string().optional(),
});

const credentials = z.object({ user: z.string(), password: z.string() });
export type Credentials = z.infer<typeof credentials>;

/** A server and one of its users: what a client needs; holds secrets. */
export const warehouseTarget = server.extend(credentials.shape);
export type WarehouseTarget = z.infer<typeof warehouseTarget>;

/** What a run of the loader needs; comes from the stack and holds secrets. */
export const loaderTarget = server.extend({
  /** Container of the server; the container of a run is named after it. */
  container: z.string(),
  /** Docker network in which the loader runs. */
  network: z.string(),
  /** Id of the loader's image. */
  image: z.string(),
  /** Volumes of the run, each `name:path`. */
  volumes: z.array(z.string()),
  /** Labels of the run's container, each `name=value`. */
  labels: z.array(z.string()),
  /** The loader's settings, secrets among them. */
  settings: z.record(z.string(), z.string()),
});
export type LoaderTarget = z.infer<typeof loaderTarget>;

/** What commands about alerts need. */
export const alertsTarget = z.object({
  /** The container that watches. */
  container: z.string(),
  /** Of the stack's own step: another one, another test. */
  settingsSha256: z.string().optional(),
});
export type AlertsTarget = z.infer<typeof alertsTarget>;

/** What commands about users and grants need; holds secrets. */
export const accessTarget = z.object({
  warehouse: warehouseTarget,
  /** What sql/10_access.sql leaves open of the login users: hash of the password, addresses and networks; and further readers. */
  logins: z.array(
    z.object({
      user: z.string(),
      passwordSha256: z.string(),
      hosts: z.array(z.string()),
      /** Of a further reader: its views; empty: all. */
      views: z.array(z.string()).optional(),
    }),
  ),
  /** Passwords to try, by user. The stack gives them to what only reads, so that its state holds hashes alone. */
  passwords: z.record(z.string(), z.string()).default({}),
});
export type AccessTarget = z.infer<typeof accessTarget>;
