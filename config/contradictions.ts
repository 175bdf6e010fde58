import { commands, type Problem } from "./problem";
import type { Settings } from "./settings";
import { isSample } from "./strength";

/**
 * Settings that are well formed one by one and make no sense together.
 * @param given keys that the stack itself sets
 * @param token the API's token, undefined when it is missing
 */
export function contradictions(
  settings: Settings,
  given: readonly string[],
  token: string | undefined,
): Problem[] {
  const found: Problem[] = [];
  const add = (key: string, problem: string, command: string) => found.push({ key, problem, command });

  if (settings.httpPort === settings.nativePort) {
    add(
      "nativePort",
      `is ${settings.nativePort}, and so is zakaz:httpPort`,
      commands.set("nativePort", "<port>"),
    );
  }
  if (settings.source === "qtickets") {
    if (token !== undefined && isSample(token)) {
      add(
        "qticketsToken",
        "is a sample or placeholder, which the vendor's API (zakaz:source is qtickets) does not know",
        commands.setSecret("qticketsToken"),
      );
    }
    if (given.includes("sandbox")) {
      add("sandbox", "describes synthetic data, but zakaz:source is qtickets", commands.remove("sandbox"));
    }
  }

  const { bindAddress, publishWithoutTls } = settings;
  const loopback = bindAddress.startsWith("127.");
  if (!loopback && publishWithoutTls !== bindAddress) {
    add(
      "bindAddress",
      `is ${bindAddress}, not loopback: passwords and data would cross the network unencrypted. ` +
        `Either \`${commands.remove("bindAddress")}\`, or consent to that by repeating the address`,
      commands.set("publishWithoutTls", bindAddress),
    );
  }
  if (loopback && publishWithoutTls !== undefined) {
    add(
      "publishWithoutTls",
      `consents to publishing on ${publishWithoutTls}, but zakaz:bindAddress is ${bindAddress}`,
      commands.remove("publishWithoutTls"),
    );
  }
  return found;
}
