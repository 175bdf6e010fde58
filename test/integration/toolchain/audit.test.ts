import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Machine } from "../../support/machine";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.remove());

const audit = () => machine.run(machine.checkout(), "bash toolchain/lib/audit.sh");

describe("the audit of npm packages", () => {
  test("passes when the registry reports nothing high", async () => {
    machine.command("npm", `echo '{ "auditReportVersion": 2, "vulnerabilities": {} }'`);
    expect(await audit()).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("fails with npm's own list when a package has a known hole", async () => {
    machine.command(
      "npm",
      `[[ $* == *--json* ]] && echo '{ "auditReportVersion": 2 }' || echo "left-pad  high  a hole"; exit 1`,
    );
    expect(await audit()).toEqual({ code: 1, stdout: "left-pad  high  a hole\n", stderr: "" });
  });

  test("says that nothing was checked when the registry gives no report", async () => {
    machine.command("npm", `echo '{ "message": "405 Method Not Allowed" }'; exit 1`);
    const { code, stdout } = await audit();
    expect(code).toBe(0);
    expect(stdout).toBe("the npm registry in use gives no audit report: not checked here\n");
  });
});
