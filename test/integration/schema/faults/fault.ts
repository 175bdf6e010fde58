/** One change of the tree that the validator must catch. */
export interface Fault {
  what: string;
  /** Replacements by file: `[file, found, put in its place]`; an empty `found` appends (and makes the file). */
  edits: readonly (readonly [file: string, found: string | RegExp, put: string | Buffer])[];
  /** Files given by `--sql`, relative to the tree. */
  sql?: readonly string[];
  /** The findings, each whole; `«text»` stands for the number of the first line of the file that holds the text. */
  findings: readonly string[];
}
