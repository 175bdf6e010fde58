import type { SbomFlags } from "../actions/sbom";
import { targetFlag, type CommandDefinition } from "../command";

export const sbom: CommandDefinition = {
  name: "sbom",
  summary: "bill of materials of the loader's image (CycloneDX 1.6 JSON)",
  example: "npx zakaz sbom --out sbom.json",
  flags: [
    { flag: "--image <name>", summary: "of this image, e.g. one built by hand, instead of the stack's" },
    { flag: "--out <file>", summary: "write it to a file instead of standard output" },
    targetFlag,
  ],
  action: (flags: SbomFlags) => (require("../actions/sbom") as typeof import("../actions/sbom")).sbom(flags),
};
