import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
  type S3ServiceException,
} from "@aws-sdk/client-s3";
import type { S3Storage } from "../warehouse/backup/place";
import { Failure } from "../warehouse/failure";
import type { Files } from "./files";
import { inParallel } from "./in-parallel";

/** A storage that is silent for so long does not answer. */
const CONNECT_MS = 10_000;
const SILENT_MS = 60_000;

/** Objects of a bucket under a prefix. What the storage refuses is thrown as a Failure of one sentence. */
export class BucketFiles implements Files {
  private readonly client: S3Client;

  constructor(private readonly storage: S3Storage) {
    const { endpoint, region, keyId, secret } = storage;
    this.client = new S3Client({
      endpoint,
      region,
      credentials: { accessKeyId: keyId, secretAccessKey: secret },
      forcePathStyle: true,
      // Storages other than Amazon's do not know its newer checksums; ours are compared byte by byte anyway.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENT_MS },
    });
  }

  async names(): Promise<string[]> {
    const names: string[] = [];
    const top = this.keyOf("");
    for await (const page of this.pages({ Prefix: top, Delimiter: "/" })) {
      for (const { Prefix: folder = "" } of page.CommonPrefixes ?? [])
        names.push(folder.slice(top.length, -1));
      for (const { Key: key = "" } of page.Contents ?? []) names.push(key.slice(top.length));
    }
    return names;
  }

  async read(path: string): Promise<string | undefined> {
    return this.explained(async () => {
      try {
        const { Body: body } = await this.client.send(new GetObjectCommand(this.objectOf(path)));
        return await body?.transformToString();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    });
  }

  async write(path: string, text: string): Promise<void> {
    await this.explained(() =>
      this.client.send(new PutObjectCommand({ ...this.objectOf(path), Body: text })),
    );
  }

  async sizes(folder: string): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    const top = this.keyOf(`${folder}/`);
    for await (const page of this.pages({ Prefix: top })) {
      for (const { Key: key = "", Size: bytes = 0 } of page.Contents ?? [])
        sizes.set(key.slice(top.length), bytes);
    }
    return sizes;
  }

  async sha256(path: string): Promise<string> {
    return this.explained(async () => {
      const { Body: body } = await this.client.send(new GetObjectCommand(this.objectOf(path)));
      const hash = createHash("sha256");
      await pipeline(body as Readable, hash);
      return hash.digest("hex");
    });
  }

  async remove(path: string): Promise<void> {
    const inside = [...(await this.sizes(path)).keys()].map((name) => `${path}/${name}`);
    // One by one: the call that deletes many needs a checksum of which each storage wants another.
    await inParallel([path, ...inside], (one) =>
      this.explained(() => this.client.send(new DeleteObjectCommand(this.objectOf(one)))),
    );
  }

  freeBytes(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  private keyOf(path: string): string {
    return `${this.storage.prefix}/${path}`;
  }

  private objectOf(path: string): { Bucket: string; Key: string } {
    return { Bucket: this.storage.bucket, Key: this.keyOf(path) };
  }

  private async *pages(what: { Prefix: string; Delimiter?: string }) {
    try {
      yield* paginateListObjectsV2({ client: this.client }, { Bucket: this.storage.bucket, ...what });
    } catch (error) {
      throw explain(error, this.storage);
    }
  }

  private async explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explain(error, this.storage);
    }
  }
}

/** Names under which storages say that nothing more can be written. */
export const FULL = /QuotaExceeded|StorageFull|InsufficientStorage|NoSpace|No space left/i;

/** What a storage or the way to it says, as one sentence with what to do. What is neither stays as it is. */
function explain(error: unknown, { endpoint, bucket, keyId }: S3Storage): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, $metadata: answer } = error as Partial<S3ServiceException> & Error;
  const status = answer?.httpStatusCode;
  const code = (error as NodeJS.ErrnoException).code ?? name;
  const sentence = (text: string) => new Failure(text, undefined, { cause: error });
  if (status === undefined) {
    if (answer === undefined && code === name) return error;
    return sentence(
      `The object storage ${endpoint} does not answer (${code}): it must be reachable from the server's network at the address in zakaz:backup`,
    );
  }
  if (name === "NoSuchBucket") {
    return sentence(
      `There is no bucket ${bucket} at ${endpoint}: make it, or name another in zakaz:backup, then pulumi up`,
    );
  }
  if (FULL.test(name) || status === 507) {
    return sentence(
      `There is no room left in bucket ${bucket} at ${endpoint} (${name}): give it room, or keep fewer: pulumi config set zakaz:backup`,
    );
  }
  if (status === 401 || status === 403) {
    return sentence(
      `${endpoint} refuses key ${keyId} in bucket ${bucket} (${name}): give it the right to list, read, write and delete, ` +
        "or set another: pulumi config set --secret zakaz:backupS3Secret, then pulumi up",
    );
  }
  return sentence(`The object storage ${endpoint} answers ${status} ${name}: ${message}`);
}
