// Floor 1. The Content-Range field (RFC 9110 §14.4). Strict: bytes are placed by what it says, so anything
// that is not exactly the grammar, or contradicts itself, is not understood.

import { assert } from "../base/assert.ts";
import { type ByteRange, byteRange, rangeBytes } from "./byte-range.ts";
import { parseDecimal } from "./decimal.ts";

/** `satisfied` stands in a 206, its range is never empty; `unsatisfied` stands in a 416. */
export type ContentRange =
  | {
      readonly kind: "satisfied";
      readonly range: ByteRange;
      /** Undefined when the sender wrote `*`. */
      readonly completeLength: number | undefined;
    }
  | { readonly kind: "unsatisfied"; readonly completeLength: number };

/** Undefined when absent, malformed, of another unit, inverted, past its own length or beyond 2^53 - 1. */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const [, first = "", last = "", length = ""] =
    /^bytes (?:([0-9]+)-([0-9]+)|\*)\/([0-9]+|\*)$/i.exec(value ?? "") ?? [];
  const completeLength = parseSafe(length);
  if (first === "") {
    return completeLength === undefined ? undefined : { kind: "unsatisfied", completeLength };
  }
  const start = parseSafe(first);
  const end = parseSafe(last, 1);
  if (start === undefined || end === undefined || start >= end) return undefined;
  if (length !== "*" && (completeLength === undefined || end > completeLength)) return undefined;
  return { kind: "satisfied", range: byteRange(start, end), completeLength };
}

function parseSafe(text: string, offset = 0): number | undefined {
  const number = parseDecimal(text, Number.POSITIVE_INFINITY);
  return number !== undefined && Number.isSafeInteger(number + offset) ? number + offset : undefined;
}

/**
 * @param completeLength undefined writes `*`
 * @throws INVARIANT when the range is empty or passes the complete length
 */
export function formatContentRange(range: ByteRange, completeLength: number | undefined): string {
  assert(rangeBytes(range) > 0, "a Content-Range is not empty", { ...range });
  assert(range.end <= (completeLength ?? range.end), "a Content-Range lies in the representation", {
    ...range,
    completeLength,
  });
  return `bytes ${range.start}-${range.end - 1}/${completeLength ?? "*"}`;
}

/** What a 416 says: the length that the client should have stayed below. */
export function formatUnsatisfied(completeLength: number): string {
  return `bytes */${completeLength}`;
}
