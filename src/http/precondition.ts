// Floor 1. Conditional requests (RFC 9110 §13) against the selected representation. The caller applies them
// only where the answer would otherwise be a success.

import type { EpochMs } from "../base/units.ts";
import { type EntityTag, parseEntityTag, parseEntityTagList, strongEqual, weakEqual } from "./entity-tag.ts";
import { type FieldLines, fieldValue } from "./fields.ts";
import { parseHttpDate } from "./http-date.ts";

/** The validators of the current representation. */
export interface Selected {
  readonly entityTag?: EntityTag;
  readonly lastModified?: EpochMs;
  /** As {@link isStrongLastModified} says; absent counts as false. */
  readonly lastModifiedIsStrong?: boolean;
}

/** What the preconditions are evaluated on. */
export interface ConditionalRequest {
  readonly method: string;
  readonly fields: FieldLines;
  readonly selected: Selected;
  readonly now: EpochMs;
}

/** `not-modified` is answered by 304, `failed` by 412. */
export type PreconditionOutcome =
  | { readonly kind: "proceed" }
  | { readonly kind: "not-modified" }
  | { readonly kind: "failed" };

/** RFC 9110 §8.8.2.2 asks for one second at least; sixty allow for clocks that differ on the origin's side. */
const STRONG_AFTER_MS = 60_000;

/** In the order of RFC 9110 §13.2.2, without its last step, If-Range. */
export function evaluatePreconditions(request: ConditionalRequest): PreconditionOutcome {
  const safe = request.method === "GET" || request.method === "HEAD";
  if (!hasNotChanged(request)) return { kind: "failed" };
  if (hasChanged(request, safe)) return { kind: "proceed" };
  return { kind: safe ? "not-modified" : "failed" };
}

/** If-Match, else If-Unmodified-Since. A list that is malformed names no tag, so it matches nothing. */
function hasNotChanged({ fields, selected, now }: ConditionalRequest): boolean {
  const ifMatch = fieldValue(fields, "if-match");
  if (ifMatch !== undefined) return matches(ifMatch, selected, strongEqual);
  const since = parseHttpDate(fieldValue(fields, "if-unmodified-since"), now);
  if (since === undefined || selected.lastModified === undefined) return true;
  return selected.lastModified <= since;
}

/** If-None-Match, else (for GET and HEAD) If-Modified-Since. */
function hasChanged({ fields, selected, now }: ConditionalRequest, safe: boolean): boolean {
  const ifNoneMatch = fieldValue(fields, "if-none-match");
  if (ifNoneMatch !== undefined) return !matches(ifNoneMatch, selected, weakEqual);
  const since = safe ? parseHttpDate(fieldValue(fields, "if-modified-since"), now) : undefined;
  if (since === undefined || selected.lastModified === undefined) return true;
  return selected.lastModified > since;
}

function matches(value: string, selected: Selected, equal: (a: EntityTag, b: EntityTag) => boolean): boolean {
  const tags = parseEntityTagList(value) ?? [];
  if (tags === "*") return true;
  const current = selected.entityTag;
  return current !== undefined && tags.some((tag) => equal(tag, current));
}

/**
 * Whether Range applies under this If-Range (RFC 9110 §13.1.5): the strong entity tag is the same, or the
 * date is exactly a Last-Modified that is strong. Malformed: no.
 */
export function ifRangeHolds(value: string, selected: Selected, now: EpochMs): boolean {
  const tag = parseEntityTag(value);
  if (tag !== undefined) return selected.entityTag !== undefined && strongEqual(tag, selected.entityTag);
  const date = parseHttpDate(value, now);
  return date !== undefined && date === selected.lastModified && selected.lastModifiedIsStrong === true;
}

/**
 * Whether Last-Modified names one version for certain: it lies 60 s or more before the origin's Date.
 *
 * @param date undefined when the response had none, and then never
 */
export function isStrongLastModified(lastModified: EpochMs, date: EpochMs | undefined): boolean {
  return date !== undefined && date - lastModified >= STRONG_AFTER_MS;
}
