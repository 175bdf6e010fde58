import { describe, expect, it } from "vitest";
import { sentence } from "../../../warehouse/access/difference";
import { unmanagedEntries } from "../../../warehouse/access/unmanaged";
import type { AccessState, UserState } from "../../../warehouse/access/state";

const nobody: AccessState = {
  users: {},
  roles: {},
  profiles: {},
  quotas: {},
  rowPolicies: {},
  collections: {},
};
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

/** As an empty server has it: the one user of its configuration. */
const declared = { ...nobody, users: { admin: user(true) } };

describe("what is not declared", () => {
  it("is every user of the server's configuration but admin: `default` is not wanted there", () => {
    const live = { ...nobody, users: { admin: user(true), default: user(true) } };
    expect(unmanagedEntries(declared, live).map(sentence)).toEqual([
      "the user default is not declared: remove it from the server's configuration files",
    ]);
  });

  it("is a user of that name made by statements, who can be dropped", () => {
    const live = { ...nobody, users: { admin: user(true), default: user(false) } };
    expect(unmanagedEntries(declared, live).map(sentence)).toEqual([
      "the user default is not declared: add it to sql/10_access.sql, or remove it with DROP USER default",
    ]);
  });
});
