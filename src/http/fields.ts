// Floor 1. Field lines as they came: a flat list name, value, name, value …, order and case kept, values as
// latin1. The same form as Node's rawHeaders, so lines pass through without being rebuilt.

/** Flat and of even length. */
export type FieldLines = readonly string[];

/** RFC 9110 §7.6.1 and §11.7: meant for the next hop only, whether or not Connection names them. */
const HOP_BY_HOP: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** The values of every line named `name` (any case), in order, without white space around them. */
export function fieldValues(lines: FieldLines, name: string): string[] {
  const wanted = name.toLowerCase();
  const values: string[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    if (lines[i]?.toLowerCase() === wanted) values.push(trimOws(lines[i + 1] ?? ""));
  }
  return values;
}

/** The lines named `name` combined as RFC 9110 §5.3 does it, by ", "; undefined when there is none. */
export function fieldValue(lines: FieldLines, name: string): string | undefined {
  const values = fieldValues(lines, name);
  return values.length === 0 ? undefined : values.join(", ");
}

/** @param names in lower case */
export function withoutFields(lines: FieldLines, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const name = lines[i] ?? "";
    if (!names.has(name.toLowerCase())) kept.push(name, lines[i + 1] ?? "");
  }
  return kept;
}

/** What may be forwarded or stored: without hop-by-hop fields and whatever Connection names (RFC 9110 §7.6.1). */
export function endToEnd(lines: FieldLines): string[] {
  const named = fieldValues(lines, "connection").flatMap(listMembers);
  return withoutFields(lines, new Set([...HOP_BY_HOP, ...named.map((name) => name.toLowerCase())]));
}

/**
 * The members of a comma list (RFC 9110 §5.6.1), trimmed, without empty ones. A comma in a quoted string
 * doesn't divide; a string that isn't closed reaches to the end.
 */
export function listMembers(value: string): string[] {
  const members = value.match(/(?:[^",]|"(?:[^"\\]|\\.)*"?)+/gs) ?? [];
  return members.map(trimOws).filter((member) => member !== "");
}

/**
 * Without the spaces and tabs around it (OWS). Not `String.trim`, which takes the byte 0xa0 with it, and not a
 * regular expression, which is quadratic in white space that stands inside.
 */
export function trimOws(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOws(text[start])) start++;
  while (start < end && isOws(text[end - 1])) end--;
  return text.slice(start, end);
}

function isOws(character: string | undefined): boolean {
  return character === " " || character === "\t";
}
