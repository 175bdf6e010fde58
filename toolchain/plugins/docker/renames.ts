/**
 * The differences in names between the docker provider that `@pulumi/docker` 5.2.0 speaks to ("official") and the same
 * upstream provider behind the bridge ("bridge"). Everything not listed here is spelled alike on both sides.
 */

type Dictionary = Readonly<Record<string, string>>;

/** Which way a name travels: with a request to the bridge, or with an answer back. */
export type Direction = "toBridge" | "fromBridge";

const TYPES: Dictionary = {
  "docker:index/remoteImage:RemoteImage": "docker:index/image:Image",
  "docker:index/serviceConfig:ServiceConfig": "docker:index/config:Config",
};

const FUNCTIONS: Dictionary = {
  "docker:index/getRemoteImage:getRemoteImage": "docker:index/getImage:getImage",
};

/** Properties by official type; they differ at the top level only. */
const PROPERTIES: Readonly<Record<string, Dictionary>> = {
  "docker:index/container:Container": { command: "commands", networksAdvanced: "networksAdvanceds" },
  "pulumi:providers:docker": { registryAuth: "registryAuths" },
};

/** Official types without a counterpart behind the bridge, with the sentence for the user. */
const UNSUPPORTED: Dictionary = {
  "docker:index/image:Image":
    "docker.Image is not served by this build of the docker plugin: use docker.RemoteImage with `build`",
};

const invert = (dictionary: Dictionary): Dictionary =>
  Object.fromEntries(Object.entries(dictionary).map(([official, bridge]) => [bridge, official]));

const oriented = (dictionary: Dictionary, direction: Direction): Dictionary =>
  direction === "toBridge" ? dictionary : invert(dictionary);

/** A type token in the other side's spelling. */
export function renameType(type: string, direction: Direction): string {
  return oriented(TYPES, direction)[type] ?? type;
}

/** A function token in the other side's spelling. */
export function renameFunction(token: string, direction: Direction): string {
  return oriented(FUNCTIONS, direction)[token] ?? token;
}

/** The parts of `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>`; a name may hold `::` itself. */
function splitUrn(urn: string): { head: string; types: string[]; name: string } | undefined {
  const [stack, project, types, ...name] = urn.split("::");
  if (types === undefined || name.length === 0) return undefined;
  return { head: `${stack}::${project}`, types: types.split("$"), name: name.join("::") };
}

/** The type of the resource itself, without its parents. */
export function typeOfUrn(urn: string): string {
  return splitUrn(urn)?.types.at(-1) ?? "";
}

/** The name at the end of a URN. */
export function nameOfUrn(urn: string): string {
  return splitUrn(urn)?.name ?? urn;
}

/** A URN in the other side's spelling: the type of the resource and those of its parents. */
export function renameUrn(urn: string, direction: Direction): string {
  const parts = splitUrn(urn);
  if (!parts) return urn;
  return `${parts.head}::${parts.types.map((type) => renameType(type, direction)).join("$")}::${parts.name}`;
}

/** The sentence for an official type that cannot be served, or undefined. */
export function unsupported(officialType: string): string | undefined {
  return UNSUPPORTED[officialType];
}

/** The minimal map that property names are renamed in: a protobuf map as well as a JavaScript one. */
export interface Fields<Value> {
  has(key: string): boolean;
  get(key: string): Value | undefined;
  set(key: string, value: Value): unknown;
  delete(key: string): unknown;
}

/** Renames the properties of a resource of the given official type, in place; values are left untouched. */
export function renameProperties<Value>(
  fields: Fields<Value>,
  officialType: string,
  direction: Direction,
): void {
  for (const [from, to] of Object.entries(oriented(PROPERTIES[officialType] ?? {}, direction))) {
    if (!fields.has(from)) continue;
    fields.set(to, fields.get(from)!);
    fields.delete(from);
  }
}

/** Renames the first segment of a property path (`command[0]`, `networksAdvanced[0].aliases`, `["command"]`). */
export function renamePath(path: string, officialType: string, direction: Direction): string {
  const dictionary = oriented(PROPERTIES[officialType] ?? {}, direction);
  const match = /^(?:\["([^"\\]*)"\]|([^.[\]"]+))/.exec(path);
  const segment = match?.[1] ?? match?.[2];
  if (!match || segment === undefined || dictionary[segment] === undefined) return path;
  const renamed = match[1] === undefined ? dictionary[segment] : `["${dictionary[segment]}"]`;
  return renamed + path.slice(match[0].length);
}

/** The upstream provider's name of a bridge type or function, as it stands in its log: `docker_registry_image`. */
export function upstreamName(bridgeToken: string): string {
  const module = /^docker:index\/(?:get)?([^:]+):/.exec(bridgeToken)?.[1] ?? bridgeToken;
  return `docker_${module
    .replace(/^[A-Z]/, (first) => first.toLowerCase())
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
