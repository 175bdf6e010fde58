import { accessSql } from "../warehouse/access/read";
import { grantableViews } from "../warehouse/access/readers";
import { users } from "../warehouse/catalogue";
import { readerNetwork } from "./networks";
import type { SecretParts } from "../loaders/pipeline/source";

/** A further login with the rights of `datalens_reader`, or with some of its views. */
export interface Reader {
  name: string;
  password: string;
  /** CIDR, beside loopback and the stack's own network. */
  networks: string[];
  /** `database.view`; empty: all that `datalens_reader` may read. */
  views: string[];
}

const NAME = /^[a-z][a-z0-9_]{0,62}$/;
const TAKEN: readonly string[] = [...Object.values(users), "default"];
const KEYS = ["name", "password", "networks", "views"];

type Problem = NonNullable<ReturnType<SecretParts["problemOf"]>>;

/** The readers of a JSON text, or what is wrong with it. */
export function readReaders(json: string): { readers: Reader[] } | Problem {
  let list: unknown;
  try {
    list = JSON.parse(json);
  } catch {
    return { problem: "is not JSON" };
  }
  if (!Array.isArray(list)) return { problem: "is no list" };
  const readers: Reader[] = [];
  for (const [index, entry] of list.entries()) {
    const found = readReader(entry, index, readers);
    if ("problem" in found) return found;
    readers.push(found);
  }
  return { readers };
}

function readReader(entry: unknown, index: number, before: readonly Reader[]): Reader | Problem {
  const at = (key: string, problem: string): Problem => ({ problem, path: `[${index}].${key}` });
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    return at("name", `has something else than an object at no. ${index + 1}`);
  }
  const { name, password, networks = [], views = [] } = entry as Record<string, unknown>;
  if (typeof name !== "string" || !NAME.test(name)) {
    return at("name", `needs a name of small letters, digits and _ at no. ${index + 1}`);
  }
  const unknown = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return at(unknown, `has ${unknown} for ${name}, which is unknown`);
  if (TAKEN.includes(name)) return at("name", `names ${name}, who is a user of the warehouse already`);
  if (before.some((other) => other.name === name)) return at("name", `names ${name} twice`);
  if (typeof password !== "string" || password === "") return at("password", `lacks the password of ${name}`);
  const known = grantableViews(accessSql());
  const wrongView = texts(views).find((view) => !known.includes(view));
  if (!Array.isArray(views) || wrongView !== undefined) {
    return at(
      "views[0]",
      `gives ${name} a view that datalens_reader does not read (${wrongView ?? "no list"}); it reads ${known.join(", ")}`,
    );
  }
  const wrongNetwork = texts(networks).find((network) => !readerNetwork.safeParse(network).success);
  if (!Array.isArray(networks) || wrongNetwork !== undefined) {
    return at(
      "networks[0]",
      `has for ${name} a network that is none or too wide (${wrongNetwork ?? "no list"}): CIDR, /8 or smaller (IPv6: /16)`,
    );
  }
  return { name, password, networks: texts(networks), views: texts(views) };
}

const texts = (list: unknown): string[] => (Array.isArray(list) ? list.map(String) : []);

/** What the program knows of the secret `readers`. */
export const readersParts: SecretParts = {
  problemOf: (json) => {
    const read = readReaders(json);
    return "problem" in read ? read : undefined;
  },
  secretsOf: (json) => readersIn(json).map(({ password }) => password),
  passwordsOf: (json) =>
    readersIn(json).map(({ name, password }, index) => ({
      user: name,
      password,
      path: `[${index}].password`,
    })),
  example: "[0].password",
  plain: ["name", "networks", "views"],
};

/** The readers of a value that has been checked. */
export function readersIn(json: string): readonly Reader[] {
  const read = readReaders(json);
  return "readers" in read ? read.readers : [];
}
