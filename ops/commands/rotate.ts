import type { RotateFlags } from "../actions/rotate";
import type { CommandDefinition } from "../command";
import { passwordOwners, type PasswordOwner } from "../password";

export const rotate: CommandDefinition = {
  name: "rotate",
  summary: "give a user of the warehouse a new password: configuration, pulumi up, proof by login",
  example: "npx zakaz rotate datalens --out reader.txt",
  arguments: [{ name: "<who>", summary: "whose password", choices: passwordOwners }],
  flags: [
    { flag: "--out <file>", summary: "write the new password into a new file that only you can read" },
    { flag: "--print", summary: "print the new password, once, as the last line" },
  ],
  hint: "A further reader gets another password by pulumi config set --path --secret 'zakaz:readers[0].password', then pulumi up",
  action: (who: PasswordOwner, flags: RotateFlags) =>
    (require("../actions/rotate") as typeof import("../actions/rotate")).rotate(who, flags),
};
