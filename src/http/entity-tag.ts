// Floor 1. Entity tags (RFC 9110 §8.8.3): strict parsing, the two comparisons, lists of them.

/** `opaque` stands without its quotes; its characters are bytes as latin1. */
export interface EntityTag {
  readonly weak: boolean;
  readonly opaque: string;
}

const TAG = '(W/)?"([\\x21\\x23-\\x7e\\x80-\\xff]*)"';
const ONE_TAG = new RegExp(`^${TAG}$`);
const LIST_MEMBER = new RegExp(`[ \\t]*(?:${TAG}[ \\t]*)?(?:,|$)`, "y");

/** Undefined when absent or not exactly one entity tag, quotes and all. */
export function parseEntityTag(value: string | undefined): EntityTag | undefined {
  const match = ONE_TAG.exec(value ?? "");
  return match === null ? undefined : { weak: match[1] !== undefined, opaque: match[2] ?? "" };
}

/** The field value of `tag`. */
export function formatEntityTag(tag: EntityTag): string {
  return `${tag.weak ? "W/" : ""}"${tag.opaque}"`;
}

/** RFC 9110 §8.8.3.2: same bytes for certain; a weak tag is strongly equal to nothing, itself included. */
export function strongEqual(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

/** RFC 9110 §8.8.3.2: as good as each other. */
export function weakEqual(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}

/**
 * The value of If-Match or If-None-Match: `*`, or tags in the order written (commas may stand inside a tag,
 * list members may be empty).
 *
 * @returns undefined when absent or malformed
 */
export function parseEntityTagList(value: string | undefined): "*" | readonly EntityTag[] | undefined {
  if (value === undefined || value === "*") return value;
  const tags: EntityTag[] = [];
  let position = 0;
  while (position < value.length) {
    LIST_MEMBER.lastIndex = position;
    const match = LIST_MEMBER.exec(value);
    if (match === null) return undefined;
    if (match[2] !== undefined) tags.push({ weak: match[1] !== undefined, opaque: match[2] });
    position += match[0].length;
  }
  return tags;
}
