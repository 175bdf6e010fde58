import { readFileSync } from "node:fs";

import ts from "typescript";

export interface Member {
  optional: boolean;
  /** The type as it is written, on one line. */
  type: string;
}

/** The properties of an interface or class in a declaration file, wherever it is nested. */
export function declaredMembers(file: string, name: string): Record<string, Member> {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  let found: Record<string, Member> | undefined;
  const visit = (node: ts.Node): void => {
    if ((ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) && node.name?.text === name) {
      found = membersOf(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  if (!found) throw new Error(`${name} is not declared in ${file}`);
  return found;
}

function membersOf(declaration: ts.InterfaceDeclaration | ts.ClassDeclaration): Record<string, Member> {
  const members: Record<string, Member> = {};
  for (const member of declaration.members) {
    if (!ts.isPropertySignature(member) && !ts.isPropertyDeclaration(member)) continue;
    const type = (member.type?.getText() ?? "").replace(/\s+/g, " ");
    const optional = member.questionToken !== undefined || type.includes("undefined");
    members[(member.name as ts.Identifier).text] = { optional, type };
  }
  return members;
}
