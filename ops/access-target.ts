import { z } from "zod";
import { sha256Hex } from "../warehouse/password-hash";
import { Failure } from "../warehouse/failure";
import { pulumi } from "./pulumi";
import type { AccessTarget } from "../warehouse/target";
import { readTarget } from "./stack";
import { Warehouse, withWarehouse } from "../warehouse/client";
import { passwordKey } from "../warehouse/catalogue";

/** What `pulumi config --json` prints. */
const configuration = z.record(z.string(), z.object({ value: z.string().optional() }));

/** Runs a command's work against the server of its target (see readTarget), and ends the connection. */
export async function withAccess<T>(
  source: string | undefined,
  work: (warehouse: Warehouse, target: AccessTarget) => Promise<T>,
): Promise<T> {
  const target = await readAccessTarget(source);
  return withWarehouse(new Warehouse(target.warehouse), (warehouse) => work(warehouse, target));
}

/** From the stack by hand: with the passwords of its configuration, as far as the stack is at them. */
async function readAccessTarget(source: string | undefined): Promise<AccessTarget> {
  const target = await readTarget("accessTarget", source);
  if (source !== undefined) return target;
  const { code, stdout } = await pulumi(["config", "--json", "--show-secrets"]);
  if (code !== 0) throw new Failure("The stack's configuration cannot be read: set its passphrase");
  const config = configuration.parse(JSON.parse(stdout));
  const passwords = target.logins.flatMap(({ user, passwordSha256 }): [string, string][] => {
    const password = config[`zakaz:${passwordKey(user)}`]?.value;
    return password !== undefined && sha256Hex(password) === passwordSha256 ? [[user, password]] : [];
  });
  return { ...target, passwords: Object.fromEntries(passwords) };
}
