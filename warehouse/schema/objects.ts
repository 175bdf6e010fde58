import { readSchemaFiles } from "./source";

/** Every table and view that `sql/` creates, as `database.name`, in the order of the files. */
export function declaredObjects(root?: string): string[] {
  return readSchemaFiles(root)
    .flatMap(({ statements }) => statements)
    .flatMap(({ kind, object }) =>
      /^create_(?!database)/.test(kind) && object !== undefined ? [object] : [],
    );
}

/** Views that DataLens reads, by their names: a view is for people when it is called so. */
export function isReaderView(object: string): boolean {
  return /^(?:zakaz|bi)\.v_/.test(object);
}
