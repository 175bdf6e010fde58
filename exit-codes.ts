/** Exit codes of every command and every loader. */
export const EXIT = { ok: 0, error: 1, usage: 2, partial: 3, locked: 4 } as const;
