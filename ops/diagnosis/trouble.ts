/** Something that went wrong, as it was seen; what it means is said by the causes. */
export interface Trouble {
  /** What it is recognised by, such as `code 497`, `HTTP 429`, `container exited`. */
  signs: readonly string[];
  /** Whose it is: the job of a run, the user of a statement or a login; empty: the server's own. */
  who: string;
  /** User of the warehouse whose rights and limits matter. */
  user?: string;
  /** From where it came. */
  address?: string;
  /** What it hit, as far as that is known: `zakaz.dim_events`, and a column of it. */
  object?: string;
  column?: string;
  /** The statement that failed, without its values. */
  statement?: string;
  /** What the server, the loader or Docker says of it; no data and no secret. */
  said: string;
  /** When, in Moscow time; empty: it is so now. */
  at: string;
}
