// Floor 1. Positions of bytes in a representation. Half-open everywhere in the project; the inclusive
// positions that HTTP writes are turned at the border, in range-header.ts and content-range.ts.

import { assert } from "../base/assert.ts";

/** Bytes `start` up to but not including `end`; empty when they are equal. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** @throws INVARIANT unless both are safe integers and 0 <= start <= end */
export function byteRange(start: number, end: number): ByteRange {
  assert(Number.isSafeInteger(start) && Number.isSafeInteger(end), "a byte range has safe integers", {
    start,
    end,
  });
  assert(0 <= start && start <= end, "a byte range has 0 <= start <= end", { start, end });
  return { start, end };
}

/** How many bytes the range holds. */
export function rangeBytes(range: ByteRange): number {
  return range.end - range.start;
}

/** The bytes that lie in both; undefined when there are none, so a result is never empty. */
export function intersect(a: ByteRange, b: ByteRange): ByteRange | undefined {
  const start = Math.max(a.start, b.start);
  const end = Math.min(a.end, b.end);
  return start < end ? byteRange(start, end) : undefined;
}
