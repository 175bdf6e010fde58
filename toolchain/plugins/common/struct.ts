/** The properties of a resource as plain values. */
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Values = Record<string, Value>;

/** The content of a protobuf struct; special values (secrets, unknowns) stay in their encoded form. */
export function valuesOf(struct: Struct | undefined): Values {
  return struct?.toJavaScript() ?? {};
}
