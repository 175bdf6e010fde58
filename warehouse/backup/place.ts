import { z } from "zod";
import { quoteText } from "../sql/quote";
import { readName } from "./backup";

/** The part of a bucket in which backups are kept, and who asks for it. */
export const s3Bucket = z.strictObject({
  endpoint: z
    .string()
    .regex(
      /^https?:\/\/[\w.:[\]-]+$/,
      "must be an address without a path, such as https://storage.example.com",
    ),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "must be the name of a bucket"),
  prefix: z
    .string()
    .regex(/^(?!\.)[\w.-]+(\/(?!\.)[\w.-]+)*$/, "must be a folder of the bucket such as zakaz/prod"),
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/, "must be the name of a region")
    .default("us-east-1"),
  keyId: z.string().regex(/^[\w.:-]+$/, "must be the id of an access key"),
  /** Consent to plain http, which shows data to whoever sees the traffic; the secret itself is not sent. */
  allowHttp: z.boolean().default(false),
});
export type S3Bucket = z.infer<typeof s3Bucket>;

/** The same with the secret of the key. */
export const s3Storage = s3Bucket.extend({ secret: z.string() });
export type S3Storage = z.infer<typeof s3Storage>;

/** Where backups are kept, as ClickHouse's statements name it. */
export interface BackupPlace {
  /** For people and the journal. */
  label: string;
  /** A backup, behind TO or FROM. */
  of: (name: string) => string;
  /** A full backup that the one behind TO is based on. */
  ofBase: (name: string) => string;
  /** Settings of BACKUP and RESTORE, each `name = value`. */
  settings: readonly string[];
  /** What stands in these statements and must stand in no message; ClickHouse masks it in its own logs. */
  secrets: readonly string[];
}

/** In a bucket; without one on the server's disk, as clickhouse/config.d/backups.xml names it. */
export function backupPlace(storage?: S3Storage): BackupPlace {
  if (storage === undefined) {
    const of = (name: string) => `Disk('backups', ${quoteText(checked(name))})`;
    return { label: "Disk('backups')", of, ofBase: of, settings: [], secrets: [] };
  }
  const { endpoint, bucket, prefix, keyId, secret } = storage;
  const url = `${endpoint}/${bucket}/${prefix}`;
  return {
    label: `S3(${quoteText(url)})`,
    of: (name) => `S3(${[`${url}/${checked(name)}`, keyId, secret].map(quoteText).join(", ")})`,
    ofBase: (name) => `S3(${quoteText(`${url}/${checked(name)}`)})`,
    settings: ["use_same_s3_credentials_for_base_backup = 1"],
    secrets: [secret],
  };
}

function checked(name: string): string {
  if (readName(name) === undefined) throw new Error(`${name} is no name of a backup`);
  return name;
}
