// The project's own source, as text and as who imports whom.

import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export interface SourceFile {
  /** Such as `cache/fill.ts`, below src/. */
  readonly path: string;
  /** Folder of the first level; `main.ts` is one of its own. */
  readonly house: string;
  readonly text: string;
  /** Own files that it imports, below src/; `typeOnly` where nothing of it is needed at run time. */
  readonly imports: readonly { readonly path: string; readonly typeOnly: boolean }[];
  /** Packages that it imports, Node's own left out. */
  readonly packages: readonly string[];
}

const root = new URL("../../src/", import.meta.url).pathname;
const IMPORT =
  /^(?:import|export)(?<type> type)? (?:[^;]*? from )?"(?<from>[^"]+)"|\bimport\("(?<lazy>[^"]+)"\)/gm;

export const sources: readonly SourceFile[] = globSync("**/*.ts", { cwd: root }).map(read).sort(byPath);

function read(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const found = [...text.matchAll(IMPORT)].map(({ groups }) => ({
    from: groups?.from ?? groups?.lazy ?? "",
    typeOnly: groups?.type !== undefined,
  }));
  return {
    path,
    house: path.split("/")[0] ?? path,
    text,
    imports: found
      .filter(({ from }) => from.startsWith("."))
      .map(({ from, typeOnly }) => ({ path: normalize(join(dirname(path), from)), typeOnly })),
    packages: found.map(({ from }) => from).filter((from) => !/^(\.|node:)/.test(from)),
  };
}

function byPath(a: SourceFile, b: SourceFile): number {
  return a.path < b.path ? -1 : 1;
}
