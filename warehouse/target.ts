import { z } from "zod";

/** What a run of the loader needs; comes from the stack and holds secrets. */
export const loaderTarget = z.object({
  /** Container of the server. */
  container: z.string(),
  /** The server's HTTP interface as seen from the host. */
  url: z.url(),
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

/** What a query as `datalens_reader` needs. */
export const readerTarget = z.object({ url: z.url(), user: z.string(), password: z.string() });
export type ReaderTarget = z.infer<typeof readerTarget>;

/** What commands that work on the server as `admin` need; holds a secret. */
export const warehouseTarget = z.object({
  /** Container of the server. */
  container: z.string(),
  /** Its HTTP interface as seen from the host. */
  url: z.url(),
  user: z.string(),
  password: z.string(),
});
export type WarehouseTarget = z.infer<typeof warehouseTarget>;

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
