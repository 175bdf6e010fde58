import { createHash } from "node:crypto";

/** Secrets of a run, old ones included: looked for in every output, and never shown. */
export class Secrets {
  private readonly byValue = new Map<string, string>();

  add(name: string, value: string): void {
    // A shorter value would be found in words that have nothing to do with it.
    if (value.length >= 8) this.byValue.set(value, name);
  }

  /** Names of the secrets that a text shows: plain, in base64 or URL-encoded. */
  findIn(text: string): string[] {
    const shown = [...this.byValue].filter(([value]) =>
      readableForms(value).some((form) => text.includes(form)),
    );
    return [...new Set(shown.map(([, name]) => name))];
  }

  /** The text with stars in the place of secrets and of their hashes. */
  redact(text: string): string {
    let redacted = text;
    for (const value of this.byValue.keys()) {
      const hash = createHash("sha256").update(value).digest("hex");
      for (const form of [...readableForms(value), hash]) redacted = redacted.replaceAll(form, "***");
    }
    return redacted;
  }
}

/** From these forms a secret can be read back. In base64 it may begin at any of three offsets, as in `user:password`. */
function readableForms(value: string): string[] {
  const inBase64 = [0, 1, 2].map((offset) => {
    const text = Buffer.from("\0".repeat(offset) + value).toString("base64");
    // The characters at both ends depend on the neighbours as well.
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + Buffer.byteLength(value)) * 8) / 6));
  });
  return [value, encodeURIComponent(value), ...inBase64];
}

/** Secrets of a stack in what `pulumi config --show-secrets --json` prints: names and values. */
export function secretsOfConfig(json: string): [name: string, value: string][] {
  const config = JSON.parse(json) as Record<string, { value?: string; secret?: boolean }>;
  return Object.entries(config).flatMap(([key, { value, secret }]) => {
    if (secret !== true || value === undefined) return [];
    const name = key.replace(/^zakaz:/, "");
    return value.startsWith("[") ? secretParts(name, JSON.parse(value)) : [[name, value]];
  });
}

/** Values of a list such as `vkAdsAccounts` whose names say that they are secret. */
function secretParts(name: string, value: unknown): [string, string][] {
  if (typeof value === "string") return /secret|token|password/i.test(name) ? [[name, value]] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    secretParts(Array.isArray(value) ? `${name}[${key}]` : `${name}.${key}`, part),
  );
}
