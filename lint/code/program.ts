import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript";
import { DATABASE } from "../../warehouse/catalogue";

/** Folders whose code speaks to the warehouse. */
export const FOLDERS = ["loaders", "alerts", "backup", "ops", "components", "warehouse", "lint"];

/** Has the template tags of statements, which fill in values and change nothing else. */
export const QUERIES = "warehouse/queries.ts";

/** A place in the code. */
export interface Place {
  /** Relative to the repository. */
  file: string;
  /** From 1. */
  line: number;
}

/** The TypeScript sources that speak to the warehouse, parsed, with a way to see through their constants. */
export class Program {
  private readonly sources: ReadonlyMap<string, ts.SourceFile>;
  private readonly declarations = new Map<
    ts.SourceFile,
    Map<string, ts.VariableDeclaration | ts.ImportSpecifier>
  >();

  /** @param root repository, or a copy of it */
  constructor(root: string) {
    const files = FOLDERS.flatMap((folder) => typescriptFiles(root, folder));
    this.sources = new Map(
      files.map((file) => [
        file,
        ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.ES2023, true),
      ]),
    );
  }

  /** Calls back with every node of every file. */
  visit(callback: (node: ts.Node) => void): void {
    for (const source of this.sources.values()) visitAll(source, callback);
  }

  /** Where a node stands. */
  place(node: ts.Node): Place {
    const source = node.getSourceFile();
    return { file: source.fileName, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1 };
  }

  /** The first line of a file that holds a text, from 1; 1 when none does. */
  lineOf(file: string, text: string): number {
    const before = this.sources.get(file)?.text.split(text, 1)[0] ?? "";
    const found = this.sources.get(file)?.text.includes(text) ?? false;
    return found ? before.split("\n").length : 1;
  }

  /** File and name of what a name stands for, where it is imported from another file of the repository. */
  importOf(name: ts.Expression): { file: string; name: string } | undefined {
    if (!ts.isIdentifier(name)) return undefined;
    const found = this.declarationsIn(name.getSourceFile()).get(name.text);
    return found && ts.isImportSpecifier(found) ? origin(found) : undefined;
  }

  /** The text of a string or template, its constants filled in; undefined when a part is known only at run time. */
  text(node: ts.Expression): string | undefined {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isTemplateExpression(node)) {
      const parts = node.templateSpans.map(({ expression, literal }) => {
        const part = this.text(expression);
        return part === undefined ? undefined : part + literal.text;
      });
      return parts.includes(undefined) ? undefined : node.head.text + parts.join("");
    }
    // The database of the data tables is a setting of the loader; its default is the stack's.
    if (ts.isPropertyAccessExpression(node) && /(^|\.)database\.name$/.test(node.getText())) return DATABASE;
    if (ts.isTaggedTemplateExpression(node))
      return this.importOf(node.tag)?.file === QUERIES ? this.text(node.template) : undefined;
    if (ts.isIdentifier(node)) return this.through(node, (value) => this.text(value));
    return undefined;
  }

  /** The strings of an array of constants and where they are written; undefined when it is none. */
  list(node: ts.Expression): { place: Place; strings: string[] } | undefined {
    const bare = withoutTypes(node);
    if (ts.isIdentifier(bare)) return this.through(bare, (value) => this.list(value));
    const strings = this.strings(bare);
    return strings && { place: this.place(bare), strings };
  }

  private strings(node: ts.Expression): string[] | undefined {
    const bare = withoutTypes(node);
    if (ts.isIdentifier(bare)) return this.through(bare, (value) => this.strings(value));
    if (!ts.isArrayLiteralExpression(bare)) return undefined;
    const parts = bare.elements.map((element) => {
      if (ts.isSpreadElement(element)) return this.strings(element.expression);
      const text = this.text(element);
      return text === undefined ? undefined : [text];
    });
    return parts.some((part) => part === undefined) ? undefined : (parts as string[][]).flat();
  }

  /** Reads the value of a constant of the same file, or of the file it is imported from. */
  private through<T>(name: ts.Identifier, read: (value: ts.Expression) => T | undefined): T | undefined {
    const found = this.declaration(name.text, name.getSourceFile());
    return found === undefined ? undefined : read(found);
  }

  /** Initial value of the first constant of that name in a file, wherever in it, imported ones included. */
  private declaration(name: string, source: ts.SourceFile): ts.Expression | undefined {
    const found = this.declarationsIn(source).get(name);
    if (found === undefined || ts.isVariableDeclaration(found)) return found?.initializer;
    const from = origin(found);
    const file = from && this.sources.get(from.file);
    return file && this.declaration(from.name, file);
  }

  private declarationsIn(source: ts.SourceFile): Map<string, ts.VariableDeclaration | ts.ImportSpecifier> {
    const known = this.declarations.get(source);
    if (known !== undefined) return known;
    const first = new Map<string, ts.VariableDeclaration | ts.ImportSpecifier>();
    visitAll(source, (node) => {
      const isValue = ts.isVariableDeclaration(node) || ts.isImportSpecifier(node);
      if (isValue && ts.isIdentifier(node.name) && !first.has(node.name.text))
        first.set(node.name.text, node);
    });
    this.declarations.set(source, first);
    return first;
  }
}

/** Where an imported name comes from: a file of the repository and the name there; undefined for a package. */
function origin(specifier: ts.ImportSpecifier): { file: string; name: string } | undefined {
  const { moduleSpecifier } = specifier.parent.parent.parent;
  if (!ts.isStringLiteral(moduleSpecifier) || !moduleSpecifier.text.startsWith(".")) return undefined;
  const file = posix.join(dirname(specifier.getSourceFile().fileName), `${moduleSpecifier.text}.ts`);
  return { file, name: (specifier.propertyName ?? specifier.name).text };
}

/** An expression without `as const` and `satisfies …`. */
export function withoutTypes(node: ts.Expression): ts.Expression {
  return ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)
    ? withoutTypes(node.expression)
    : node;
}

function visitAll(node: ts.Node, callback: (node: ts.Node) => void): void {
  callback(node);
  ts.forEachChild(node, (child) => visitAll(child, callback));
}

function typescriptFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.split("/").includes("dist"))
    .sort()
    .map((file) => `${folder}/${file}`);
}
