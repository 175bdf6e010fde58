/** The files of all backups, wherever they are kept. A path has no slash in front. */
export interface Files {
  /** Names of the files and folders at the top. */
  names(): Promise<string[]>;
  /** The text of a file; undefined: there is none. */
  read(path: string): Promise<string | undefined>;
  /** Makes a file, or replaces it as a whole. */
  write(path: string, text: string): Promise<void>;
  /** Bytes of each file in a folder and below, by its path in that folder; empty: there is no such folder. */
  sizes(folder: string): Promise<Map<string, number>>;
  /** SHA-256 of a file in hexadecimal. */
  sha256(path: string): Promise<string>;
  /** Removes a file, or a folder with all that is in it; also what is not there. */
  remove(path: string): Promise<void>;
  /** Bytes that can still be written; undefined: nobody can tell. */
  freeBytes(): Promise<number | undefined>;
}
