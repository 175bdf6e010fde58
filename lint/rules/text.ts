import { newlines, type Finding } from "../finding";
import type { SqlFile } from "../../warehouse/schema/source";

/** UTF-8 read as Windows-1251 or Latin-1 and written again: pairs that no Russian or English text has. */
const MOJIBAKE =
  /(?:[РС][\u0080-\u00bf\u0402-\u040f\u0452-\u045f\u2013-\u203a\u20ac\u2116\u2122]){2}|(?:[ÐÑ][\u0080-\u00bf]){2}|Ã[\u0080-\u00bf]|â€/u;
/** A value that lets somebody in: plain passwords, and hashes other than the locked one of 64 zeros. */
const SECRETS: readonly RegExp[] = [
  /\bIDENTIFIED\s+(?:WITH\s+(?:plaintext_password|sha256_password|double_sha1_password|bcrypt_password)\s+)?BY\s+'[^']+'/iu,
  /\bsha256_hash\s+BY\s+'(?!0{64}')[^']+'/iu,
  /\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|xox[abp]-[\w-]{10,}|eyJ[\w-]{10,}\.[\w-]{10,}\.)/u,
  /\b(?:password|passwd|token|secret|api_?key)\b\s*[:=]\s*'?[^\s',;]{6,}/iu,
  /:\/\/[^\s/:@']+:[^\s/@']+@/u,
];

/** Files are UTF-8 without byte order mark, were never decoded wrongly, and hold no secret. */
export function text(files: SqlFile[]): Finding[] {
  return files.flatMap(({ file, content }) => {
    const found: Finding[] = [];
    const add = (offset: number, whole: string, wrong: string, expected: string): void => {
      found.push({ file, line: 1 + newlines(whole.slice(0, offset)), object: file, wrong, expected });
    };
    if (content.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])))
      add(0, "", "begins with a byte order mark", "UTF-8 without it");
    const whole = content.toString("utf8");
    const broken = Buffer.from(whole, "utf8").equals(content) ? -1 : whole.indexOf("\ufffd");
    if (broken >= 0) add(broken, whole, "is not UTF-8", "UTF-8");
    const mojibake = MOJIBAKE.exec(whole);
    if (mojibake) add(mojibake.index, whole, `text decoded wrongly: "${mojibake[0]}"`, "readable UTF-8");
    for (const pattern of SECRETS) {
      const secret = pattern.exec(whole);
      // What it is must not be repeated here.
      if (secret) add(secret.index, whole, "a value that looks like a secret", "no secret in SQL");
    }
    return found;
  });
}
