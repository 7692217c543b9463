// Floor 1. Vary (RFC 9110 §12.5.5, RFC 9111 §4.1): which request fields chose the representation, and a key
// that is equal for requests whose fields say the same.

import { type FieldLines, fieldValue, fieldValues, listMembers } from "./fields.ts";

/** Names in lower case, sorted, each once; `*` when it stands among them. */
export function varyNames(responseFields: FieldLines): "*" | readonly string[] {
  const names = fieldValues(responseFields, "vary").flatMap(listMembers);
  if (names.includes("*")) return "*";
  return [...new Set(names.map((name) => name.toLowerCase()))].sort();
}

/**
 * Text that differs for different fields and tells absent from empty. White space outside quoted strings is
 * folded and the order of lists kept; Accept-Encoding, whose order says nothing, is sorted, in lower case and
 * without the weight 1.
 *
 * @param names as {@link varyNames} gives them
 */
export function variantKey(names: readonly string[], requestFields: FieldLines): string {
  return JSON.stringify(
    names.map((name) => {
      const value = fieldValue(requestFields, name);
      if (value === undefined) return [name, null];
      const members = listMembers(value).map(folded);
      return [name, (name === "accept-encoding" ? codings(members) : members).join(",")];
    }),
  );
}

function folded(member: string): string {
  return member.replace(/"(?:[^"\\]|\\.)*"?|[ \t]+/gs, (match) => (match.startsWith('"') ? match : " "));
}

function codings(members: readonly string[]): string[] {
  const plain = members.map((member) => member.toLowerCase().replace(/ ?([;=]) ?/g, "$1"));
  return plain.map((member) => member.replace(/;q=1(?:\.0{0,3})?$/, "")).sort();
}
