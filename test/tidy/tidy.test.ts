// The rules of the house, held by reading the source: floors, cycles, vendors, length, clock, environment, silence.

import { existsSync } from "node:fs";
import t from "tap";
import { type SourceFile, sources } from "./source.ts";

/** Imports go down, or stay within a folder. Two folders of one number do not see each other. */
const floors: Readonly<Record<string, number>> = {
  base: 0,
  http: 1,
  slice: 2,
  store: 3,
  origin: 3,
  cache: 4,
  deliver: 5,
  config: 5.5,
  server: 6,
  cli: 7,
  "main.ts": 8,
};

/** `file: what` for every place that breaks a rule. */
function broken(rule: (file: SourceFile) => readonly string[]): string[] {
  return sources.flatMap((file) => rule(file).map((what) => `${file.path}: ${what}`));
}

function linesWith(file: SourceFile, pattern: RegExp): string[] {
  return file.text
    .split("\n")
    .filter((line) => pattern.test(line))
    .map((line) => line.trim());
}

t.test("the source is read: files, their imports and their packages", async (t) => {
  t.ok(sources.length > 60);
  const importsOf = (wanted: string) => sources.find(({ path }) => path === wanted)?.imports;
  t.strictSame(importsOf("http/byte-range.ts"), [{ path: "base/assert.ts", typeOnly: false }]);
  t.strictSame(importsOf("deliver/response-sink.ts"), [{ path: "http/fields.ts", typeOnly: true }]);
  const unknown = broken(({ imports }) => imports.map(({ path }) => path)).filter(
    (line) => !existsSync(new URL(`../../src/${line.split(": ")[1]}`, import.meta.url)),
  );
  t.strictSame(unknown, [], "every import is understood");
});

t.test("every file lies on a floor", async (t) => {
  t.strictSame(
    broken(({ house }) => (house in floors ? [] : ["expected a folder with a floor"])),
    [],
  );
});

t.test("imports go down only; store/ and origin/ never see each other", async (t) => {
  const up = broken(({ house, imports }) =>
    imports
      .map(({ path }) => path)
      .filter((path) => {
        const to = path.split("/")[0] ?? path;
        return to !== house && (floors[to] ?? 99) >= (floors[house] ?? -1);
      }),
  );
  t.strictSame(up, []);
});

t.test("each file says its floor in its head", async (t) => {
  const said: Readonly<Record<string, string>> = { store: "3a", origin: "3b", config: "6" };
  const wrong = broken(({ house, text }) => {
    if (house === "main.ts") return [];
    const head = `// Floor ${said[house] ?? floors[house]}. `;
    return text.replace(/^#!.*\n/, "").startsWith(head) ? [] : [`expected ${head}`];
  });
  t.strictSame(wrong, []);
});

t.test("no file needs itself, over whatever way", async (t) => {
  const byPath = new Map(sources.map((file) => [file.path, file]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) cycles.push([...way.slice(way.indexOf(path)), path].join(" → "));
    if (way.includes(path) || done.has(path)) return;
    for (const next of byPath.get(path)?.imports ?? []) {
      if (!next.typeOnly) visit(next.path, [...way, path]);
    }
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  t.strictSame(cycles, []);
});

/** Packages that more than one file may import, and why. */
const shared: Readonly<Record<string, readonly string[]>> = {
  // A bounded map of plain values in the one, the index of the page budget in the other.
  "lru-cache": ["cache/cache.ts", "store/memory-store.ts"],
};

t.test("each vendor package has exactly one importing file", async (t) => {
  const importers = new Map<string, string[]>();
  for (const { path, packages } of sources) {
    for (const name of new Set(packages)) importers.set(name, [...(importers.get(name) ?? []), path]);
  }
  const several = Object.fromEntries([...importers].filter(([, paths]) => paths.length > 1));
  t.strictSame(several, shared);
});

t.test("no file is longer than 300 lines", async (t) => {
  const long = broken(({ text }) => {
    const lines = text.trimEnd().split("\n").length;
    return lines > 300 ? [`${lines} lines`] : [];
  });
  t.strictSame(long, []);
});

/** A client and an origin of their own, which measure in real time. */
const isDemo = ({ path }: SourceFile): boolean => path.startsWith("cli/demo");

t.test("only base/clock.ts reads a clock", async (t) => {
  const clock = /\b(Date\.now|performance\.now|process\.hrtime|new Date\(\))/;
  const readers = broken((file) => (isDemo(file) ? [] : linesWith(file, clock)));
  t.strictSame(readers, [
    "base/clock.ts: now: () => epochMs(Date.now()),",
    "base/clock.ts: monotonicMs: () => performance.now(),",
  ]);
});

t.test("only main.ts reads the environment; the demo hands it on to its child", async (t) => {
  const readers = broken((file) => linesWith(file, /process\.env/)).map((line) => line.split(":")[0]);
  t.strictSame(readers, ["cli/demo/child.ts", "main.ts"]);
});

t.test("no failure is caught in silence", async (t) => {
  const empty = /catch\s*(\([^)]*\))?\s*\{\s*(\/\/[^\n]*\s*)*\}|\.catch\(\(\) => \{\s*\}\)/g;
  t.strictSame(
    broken(({ text }) => text.match(empty) ?? []),
    [],
  );
  // An exchange's failure is told where its body is read; these are second listeners to the same promise.
  t.strictSame(
    broken((file) => linesWith(file, /\.catch\(\(\) => undefined\)/)),
    ["origin/exchange.ts: through.catch(() => undefined);", "origin/exchange.ts: }).catch(() => undefined);"],
  );
});

t.test("no barrel, no default export, no any, no switched-off rule", async (t) => {
  const forbidden =
    /^export \* |^export default|\bas any\b|: any\b|biome-ignore|@ts-(ignore|expect-error|nocheck)/;
  t.strictSame(
    broken((file) => linesWith(file, forbidden)),
    [],
  );
});
