/** Minutes that `npx zakaz diagnose` looks back where nothing is said. */
export const DEFAULT_MINUTES = 60;

/** The most: a week. */
export const MOST_MINUTES = 7 * 24 * 60;
