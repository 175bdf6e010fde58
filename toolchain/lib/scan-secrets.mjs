/**
 * Looks for secrets in every version of every file that git knows, and in the files of the checkout as they are now:
 * `node scan-secrets.mjs [FOLDER]`. Known forms (keys of clouds and hosts, private keys, credentials in addresses) come
 * from secretlint; beside them any long random text that is assigned to a name like password or token. Prints one line
 * per finding, without the value; ends with 1 when there is one.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lintSource } from "@secretlint/core";
import { creator as preset } from "@secretlint/secretlint-rule-preset-recommend";

/** Bits per character above which a text looks random: words stay below 3.7, base64 of random bytes is near 5. */
const RANDOM_BITS = 4.2;
const ASSIGNED =
  /(?:token|secret|passw(?:or)?d|passphrase|api_?key)\w*["'`]?\s*[:=]\s*["'`]?([A-Za-z0-9+/=_-]{28,})/gi;
const PRESET = "@secretlint/secretlint-rule-preset-recommend";
/** Credentials that are none: a test shows that the loader refuses an address with any. */
const PLACEHOLDERS = {
  id: "@secretlint/secretlint-rule-basicauth",
  options: { allows: ["https://user:pass@qtickets.ru"] },
};
/** Ciphertext of Pulumi's configuration is made to be kept in the repository. */
const CIPHERTEXT = /^\s*(?:secure|encryptionsalt): v1:\S+$/gm;
/** Lists of packages hold checksums. */
const SKIPPED = /(?:^|\/)(?:package-lock\.json|go\.sum)$/;

const folder = process.argv[2] ?? ".";
const git = (args, input) => execFileSync("git", args, { cwd: folder, maxBuffer: 1 << 30, input });

/** Every file to look at: its name, where it is kept, its bytes. */
function* files() {
  const seen = new Set();
  const tracked = git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    .toString()
    .split("\0");
  for (const name of tracked.filter((one) => one !== "" && existsSync(join(folder, one)))) {
    const content = readFileSync(join(folder, name));
    seen.add(createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex"));
    yield { name, where: "checkout", content };
  }
  // All objects from one process, as `ID TYPE SIZE NAME`, a line feed, the bytes and another line feed.
  const objects = git(
    ["cat-file", "--batch=%(objectname) %(objecttype) %(objectsize) %(rest)"],
    git(["rev-list", "--objects", "--all"]),
  );
  for (let at = 0; at < objects.length;) {
    const end = objects.indexOf("\n", at);
    const [id, type, size, ...rest] = objects.subarray(at, end).toString().split(" ");
    const name = rest.join(" ");
    at = end + 1 + Number(size) + 1;
    if (type !== "blob" || name === "" || seen.has(id)) continue;
    yield { name, where: `history, object ${id.slice(0, 10)}`, content: objects.subarray(end + 1, at - 1) };
  }
}

function entropy(text) {
  const counts = new Map();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, n) => bits - (n / text.length) * Math.log2(n / text.length), 0);
}

async function findings({ name, content }) {
  if (SKIPPED.test(name) || content.includes(0)) return [];
  const text = content.toString("utf8").replace(CIPHERTEXT, "");
  const linted = await lintSource({
    source: { filePath: name, content: text, contentType: "text" },
    options: {
      maskSecrets: true,
      config: { rules: [{ id: PRESET, rule: preset, rules: [PLACEHOLDERS] }] },
    },
  });
  const line = (index) => text.slice(0, index).split("\n").length;
  return [
    ...linted.messages.map((found) => `${found.loc.start.line}: ${found.message}`),
    ...[...text.matchAll(ASSIGNED)]
      .filter(([, value]) => entropy(value) >= RANDOM_BITS)
      .map((match) => `${line(match.index)}: a random text is assigned to a secret's name`),
  ];
}

let looked = 0;
let bytes = 0;
let found = 0;
for (const file of files()) {
  looked += 1;
  bytes += file.content.length;
  for (const finding of await findings(file)) {
    found += 1;
    process.stdout.write(`${file.name}:${finding} (${file.where})\n`);
  }
}
process.stdout.write(
  `secrets: ${found} found in ${looked} versions of files, ${(bytes / 1e6).toFixed(1)} MB\n`,
);
process.exitCode = found === 0 ? 0 : 1;
