import { commands, type Problem } from "./problem";
import type { Settings } from "./settings";
import { isSample, type SecretValues } from "./strength";

/**
 * Settings that are well formed one by one and make no sense together.
 * @param given keys that the stack itself sets
 * @param secrets those that are set as they should be
 */
export function contradictions(
  settings: Settings,
  given: readonly string[],
  secrets: SecretValues,
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
    if (secrets.qticketsToken !== undefined && isSample(secrets.qticketsToken)) {
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

  const barcodes = settings.datasets.includes("barcodes");
  if (barcodes && secrets.barcodeKey === undefined) {
    add("barcodeKey", "is not set, but zakaz:datasets names barcodes", commands.setSecret("barcodeKey"));
  }
  if (!barcodes && given.includes("barcodeKey")) {
    add("barcodeKey", "is set, but zakaz:datasets does not name barcodes", commands.remove("barcodeKey"));
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
