import { buildEngineImage, removeEngineImage } from "./engine";

/** Set-up of the levels with engines: the engine image of tests is built once and removed at the end. */
export async function setup(): Promise<void> {
  await buildEngineImage();
}

export async function teardown(): Promise<void> {
  await removeEngineImage();
}
