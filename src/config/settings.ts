// Floor 6. Entries of one source (a file, the environment, the flags) checked against the schema.

import { accepts, aliases, type OptionRow, options } from "./schema.ts";
import { suggest } from "./suggest.ts";

/** One name and value as somebody wrote them. Places are "config/x.yaml:3:13: ", or "" where there is none. */
export interface Entry {
  readonly written: string;
  readonly value: unknown;
  readonly namePlace: string;
  readonly valuePlace: string;
}

/** An accepted value of an option, and how a message names what set it: "config/x.yaml:3:13: slice_size". */
export interface Setting {
  readonly value: unknown;
  readonly label: string;
}

/** Settings by option name. */
export type Settings = ReadonlyMap<string, Setting>;

/**
 * The settings that entries make.
 *
 * @param spell how the source writes an option's name: `--listen`, `MANDOLINE_LISTEN`
 * @param problems gets a message line for every entry that makes none
 */
export function settingsOf(
  entries: readonly Entry[],
  spell: (name: string) => string,
  problems: string[],
): Settings {
  const known = spellings(spell);
  const settings = new Map<string, Setting>();
  for (const { written, value, namePlace, valuePlace } of entries) {
    const row = known.get(written);
    const label = `${valuePlace}${written}`;
    const before = row && settings.get(row.name);
    if (row === undefined) {
      problems.push(...unknownName(written, value, namePlace, known, spell("")));
    } else if (before !== undefined) {
      problems.push(`${namePlace}${written}: expected each option once, got it already at ${before.label}`);
    } else if (accepts(row.name, value)) {
      settings.set(row.name, { value, label });
    } else {
      problems.push(`${label}: expected ${row.expected}, got ${describe(value)}`);
    }
  }
  return settings;
}

/** A wrong value in a message: text in quotes, without the password of a URL, cut where it gets long. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "object" && !Array.isArray(value)) return "a map";
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  const safe = text.replace(/\/\/[^/@]*@/g, "//***@");
  return safe.length > 80 ? `${safe.slice(0, 80)}…` : safe;
}

function spellings(spell: (name: string) => string): ReadonlyMap<string, OptionRow> {
  const known = new Map(options.map((row) => [row.name, row]));
  for (const [alias, name] of aliases) {
    const row = known.get(name);
    if (row !== undefined) known.set(alias, row);
  }
  return new Map([...known].map(([name, row]) => [spell(name), row]));
}

function unknownName(
  written: string,
  value: unknown,
  namePlace: string,
  known: ReadonlyMap<string, OptionRow>,
  prefix: string,
): string[] {
  const members = [...known.keys()].filter((name) => name.startsWith(`${written}.`));
  if (members.length > 0) {
    // `memory:` with all its lines commented out sets nothing, and says nothing wrong.
    if (value === null) return [];
    return [`${namePlace}${written}: expected a map with ${members.join(", ")}, got ${describe(value)}`];
  }
  const near = suggest(written, known.keys(), prefix);
  return [`${namePlace}${written}: unknown option${near === undefined ? "" : `, did you mean ${near}?`}`];
}
