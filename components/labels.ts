import * as pulumi from "@pulumi/pulumi";

interface Label {
  label: string;
  value: string;
}

/** Label that says which stack made an object; `toolchain/recover` and tests look for it. */
export const STACK_LABEL = "zakaz.stack";

/** Label of a container that says from which checkout it was made; `preflight` looks for it. */
export const CHECKOUT_LABEL = "zakaz.checkout";

/** Labels of every Docker object of this stack. */
export function stackLabels(): Label[] {
  return [{ label: STACK_LABEL, value: pulumi.getStack() }];
}
