import { describe, expect, it } from "vitest";
import { sentence } from "../../../warehouse/access/difference";
import { foreign } from "../../../warehouse/access/unmanaged";
import type { AccessState, UserState } from "../../../warehouse/access/state";

const nobody: AccessState = { users: {}, roles: {}, profiles: {}, quotas: {}, rowPolicies: {} };
const user = (configured: boolean): UserState => ({
  grants: [],
  roles: [],
  settings: { profiles: [], settings: {} },
  authentication: ["no_password"],
  validUntil: [],
  hosts: ["ANY"],
  defaultRoles: [],
  grantees: { all: true, names: [] },
  defaultDatabase: "",
  configured,
});

describe("what nobody declared", () => {
  it("is every user of the server's configuration but admin: `default` is not wanted there", () => {
    const live = { ...nobody, users: { admin: user(true), default: user(true) } };
    expect(foreign(nobody, live).map(sentence)).toEqual([
      "there is a user default, which nobody declared: take it out of the server's configuration files",
    ]);
  });

  it("is a user of that name made by statements, who can be dropped", () => {
    const live = { ...nobody, users: { admin: user(true), default: user(false) } };
    expect(foreign(nobody, live).map(sentence)).toEqual([
      "there is a user default, which nobody declared: declare it in sql/10_access.sql, or take it away with DROP USER default",
    ]);
  });
});
