import { z } from "zod";
import { readersIn } from "../config/readers";
import { sha256Hex } from "../clickhouse/password-hash";
import { pulumi, whyUnread } from "./pulumi";
import type { AccessTarget } from "../warehouse/target";
import { parseJson, readTarget } from "./stack";
import { Warehouse, withWarehouse } from "../warehouse/client";
import { passwordKey } from "../warehouse/catalogue";

/** What `pulumi config --json` prints. */
const configuration = z.record(z.string(), z.object({ value: z.string().optional() }));

/** Runs a command's work against the server of its target (see readTarget), and ends the connection. */
export async function withAccess<T>(
  from: string | undefined,
  work: (warehouse: Warehouse, target: AccessTarget) => Promise<T>,
): Promise<T> {
  const target = await readAccessTarget(from);
  return withWarehouse(new Warehouse(target.warehouse), (warehouse) => work(warehouse, target));
}

/** From the stack by hand: with those passwords of its configuration that the stack has applied. */
async function readAccessTarget(from: string | undefined): Promise<AccessTarget> {
  const target = await readTarget("accessTarget", from);
  if (from !== undefined) return target;
  const { code, stdout, stderr } = await pulumi(["config", "--json", "--show-secrets"]);
  if (code !== 0) throw whyUnread(stderr);
  const config = configuration.parse(parseJson(stdout));
  const further = new Map(
    readersIn(config["zakaz:readers"]?.value ?? "[]").map(({ name, password }) => [name, password]),
  );
  const passwords = target.logins.flatMap(({ user, passwordSha256 }): [string, string][] => {
    const password = further.get(user) ?? config[`zakaz:${passwordKey(user)}`]?.value;
    return password !== undefined && sha256Hex(password) === passwordSha256 ? [[user, password]] : [];
  });
  return { ...target, passwords: Object.fromEntries(passwords) };
}
