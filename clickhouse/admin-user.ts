import { XMLBuilder } from "fast-xml-parser";

export interface AdminUserArgs {
  /** sha256 of the administrator's password, 64 hex digits. */
  passwordSha256Hex: string;
  /** Addresses or CIDR networks the administrator may come from, e.g. `127.0.0.1`, `172.18.0.0/16`. */
  networks: string[];
}

/**
 * Renders users.d/admin.xml: the one user kept in XML, with every right, `admin_profile` and the named networks.
 * Throws when the hash is not 64 hex digits or no network is named (an empty list would lock everybody out).
 */
export function adminUserXml({ passwordSha256Hex, networks }: AdminUserArgs): string {
  if (!/^[0-9a-f]{64}$/i.test(passwordSha256Hex)) {
    throw new Error("passwordSha256Hex must be 64 hex digits (the sha256 of the admin password).");
  }
  if (networks.length === 0) throw new Error("networks must name at least one address for admin.");
  return new XMLBuilder({ format: true, indentBy: "  " }).build({
    clickhouse: {
      users: {
        admin: {
          password_sha256_hex: passwordSha256Hex.toLowerCase(),
          networks: { ip: networks },
          profile: "admin_profile",
          quota: "default",
          access_management: 1,
          named_collection_control: 1,
        },
      },
    },
  });
}
