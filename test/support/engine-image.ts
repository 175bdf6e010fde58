import { buildEngineImage, removeEngineImage } from "./engine";

/** Set-up of the integration level: its engine image is built once and removed at the end. */
export async function setup(): Promise<void> {
  await buildEngineImage();
}

export async function teardown(): Promise<void> {
  await removeEngineImage();
}
