/**
 * Whether a version of ClickHouse (`24.8.4.13`) is older than another. The fourth number counts builds of the same version and says
 * nothing.
 */
export function isOlder(version: string, than: string): boolean {
  const [one, other] = [version, than].map((text) => text.split(".").slice(0, 3).map(Number));
  const at = one!.findIndex((part, index) => part !== other![index]);
  return at >= 0 && one![at]! < other![at]!;
}
