// Floor 1. The Range field (RFC 9110 §14.1, §14.2): what a client asked, before and after the complete
// length is known. A Range that cannot be understood is no error: the RFC has it ignored.

import { assert } from "../base/assert.ts";
import { type ByteRange, byteRange, rangeBytes } from "./byte-range.ts";
import { parseDecimal } from "./decimal.ts";
import { trimOws } from "./fields.ts";

/** One member as written: `first-last`, `first-` or `-length`. `last` is inclusive; positions saturate at 2^53 - 1. */
export type RangeSpec =
  | { readonly kind: "from-to"; readonly start: number; readonly last: number }
  | { readonly kind: "from"; readonly start: number }
  | { readonly kind: "suffix"; readonly lengthBytes: number };

/** `none`: no Range, or one to ignore, so the answer is the whole representation. `bytes`: at least one member. */
export type RangeRequest =
  | { readonly kind: "none" }
  | { readonly kind: "bytes"; readonly specs: readonly RangeSpec[] };

/** `satisfiable`: at least one range, none of them empty. `unsatisfiable`: the answer is 416. */
export type ResolvedRange =
  | { readonly kind: "satisfiable"; readonly ranges: readonly ByteRange[] }
  | { readonly kind: "unsatisfiable" };

const NONE: RangeRequest = { kind: "none" };

/**
 * @param rangesMax how many members are heeded; a field with more is ignored whole (RFC 9110 §17.15)
 */
export function parseRange(value: string | undefined, rangesMax = 64): RangeRequest {
  const set = /^bytes=(.*)$/i.exec(value ?? "")?.[1];
  if (set === undefined) return NONE;
  const specs: RangeSpec[] = [];
  for (const member of set.split(",")) {
    const text = trimOws(member);
    if (text === "") continue;
    const spec = parseSpec(text);
    if (spec === undefined || specs.length === rangesMax) return NONE;
    specs.push(spec);
  }
  return specs.length === 0 ? NONE : { kind: "bytes", specs };
}

function parseSpec(text: string): RangeSpec | undefined {
  const dash = text.indexOf("-");
  if (dash === -1) return undefined;
  const first = parseDecimal(text.slice(0, dash), Number.MAX_SAFE_INTEGER);
  const second = parseDecimal(text.slice(dash + 1), Number.MAX_SAFE_INTEGER);
  if (dash === 0) return second === undefined ? undefined : { kind: "suffix", lengthBytes: second };
  if (first === undefined) return undefined;
  if (dash === text.length - 1) return { kind: "from", start: first };
  return second === undefined || second < first ? undefined : { kind: "from-to", start: first, last: second };
}

/**
 * What the members mean for a representation of `completeLength` bytes: clamped to its end, in the order
 * asked, without those that lie wholly outside. Nothing of an empty representation is satisfiable, not even a
 * suffix, because Content-Range cannot say zero bytes.
 */
export function resolveRange(specs: readonly RangeSpec[], completeLength: number): ResolvedRange {
  const ranges = specs.flatMap((spec) => resolveSpec(spec, completeLength) ?? []);
  return ranges.length === 0 ? { kind: "unsatisfiable" } : { kind: "satisfiable", ranges };
}

function resolveSpec(spec: RangeSpec, completeLength: number): ByteRange | undefined {
  const start = spec.kind === "suffix" ? Math.max(0, completeLength - spec.lengthBytes) : spec.start;
  const end = spec.kind === "from-to" ? Math.min(spec.last + 1, completeLength) : completeLength;
  return start < end ? byteRange(start, end) : undefined;
}

/**
 * The field value that asks for exactly these bytes.
 *
 * @throws INVARIANT for an empty range, which Range cannot say
 */
export function formatRange(range: ByteRange): string {
  assert(rangeBytes(range) > 0, "a range to ask for is not empty", { ...range });
  return `bytes=${range.start}-${range.end - 1}`;
}
