import { describe, expect, it } from "vitest";
import { adminUserXml } from "../../../clickhouse/admin-user";

const hash = "9A4AABF0e5cf71cae2cea646613ce7e2a5919fa758e56819704be25a3a2c1f0b";

describe("adminUserXml", () => {
  it("renders the one user kept in XML", () => {
    expect(adminUserXml({ passwordSha256Hex: hash, networks: ["127.0.0.1", "172.18.0.0/16"] })).toBe(
      `<clickhouse>
  <users>
    <admin>
      <password_sha256_hex>9a4aabf0e5cf71cae2cea646613ce7e2a5919fa758e56819704be25a3a2c1f0b</password_sha256_hex>
      <networks>
        <ip>127.0.0.1</ip>
        <ip>172.18.0.0/16</ip>
      </networks>
      <profile>admin_profile</profile>
      <quota>default</quota>
      <access_management>1</access_management>
      <named_collection_control>1</named_collection_control>
    </admin>
  </users>
</clickhouse>
`,
    );
  });

  it("refuses what is no hash, and a user that could come from nowhere", () => {
    expect(() => adminUserXml({ passwordSha256Hex: "admin_pass", networks: ["::1"] })).toThrow(
      "64 hex digits",
    );
    expect(() => adminUserXml({ passwordSha256Hex: hash, networks: [] })).toThrow("at least one address");
  });
});
