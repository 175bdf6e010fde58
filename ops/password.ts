import { randomInt } from "node:crypto";
import { passwordKeys, type PasswordKey } from "../warehouse/catalogue";

/** Whose password can be changed, by the name that its key of the configuration begins with. */
export type PasswordOwner = PasswordKey extends `${infer Owner}Password` ? Owner : never;

export const passwordOwners = Object.values(passwordKeys)
  .map((key) => key.replace(/Password$/, "") as PasswordOwner)
  .sort();

/** Letters and digits that nobody takes for one another, in any font or over the telephone; nothing that a shell or a URL reads. */
const ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789";
/** 36 of 54 characters: 207 bits. */
const LENGTH = 36;

/** A new random password. */
export function newPassword(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
