// Floor 1. How long a response is fresh and how old it was when it came (RFC 9111 §4.2), for a shared cache.
// Both in milliseconds; the current age is the initial age plus the time since the response.

import { type EpochMs, epochMs } from "../base/units.ts";
import { parseCacheControl } from "./cache-control.ts";
import { parseDeltaSeconds } from "./decimal.ts";
import { type FieldLines, fieldValue, fieldValues, listMembers } from "./fields.ts";
import { parseHttpDate } from "./http-date.ts";

/**
 * The first of: 0 for no-cache in any form, s-maxage, max-age, Expires less Date, `configuredMs`.
 *
 * @param configuredMs for a response that says nothing of its own
 * @param now stands for a missing Date; without it such an Expires counts as past
 */
export function freshnessLifetimeMs(fields: FieldLines, configuredMs: number, now?: EpochMs): number {
  const control = parseCacheControl(fieldValues(fields, "cache-control"));
  if (control.noCache || control.noCacheFields.length > 0) return 0;
  const explicitS = control.sMaxageS ?? control.maxAgeS;
  if (explicitS !== undefined) return explicitS * 1000;
  const expires = fieldValue(fields, "expires");
  return expires === undefined ? configuredMs : expiresMs(expires, fieldValue(fields, "date"), now);
}

/** RFC 9111 §5.3: a date that can't be read, as the common `0`, lies in the past. */
function expiresMs(expires: string, date: string | undefined, now: EpochMs | undefined): number {
  const reference = now ?? epochMs(0);
  const from = parseHttpDate(date, reference) ?? now;
  const until = parseHttpDate(expires, reference);
  return from === undefined || until === undefined ? 0 : Math.max(0, until - from);
}

/** When the request was sent and the response's head received, by the same clock. */
export interface Received {
  readonly fields: FieldLines;
  readonly requestedAt: EpochMs;
  readonly respondedAt: EpochMs;
}

/** corrected_initial_age of RFC 9111 §4.2.3; never negative, whatever the clocks did. */
export function initialAgeMs({ fields, requestedAt, respondedAt }: Received): number {
  const date = parseHttpDate(fieldValue(fields, "date"), respondedAt) ?? respondedAt;
  const apparentMs = Math.max(0, respondedAt - date);
  const delayMs = Math.max(0, respondedAt - requestedAt);
  return Math.max(apparentMs, ageMs(fields) + delayMs);
}

/** RFC 9111 §5.1: the first member counts; one that isn't a number of seconds is ignored. */
function ageMs(fields: FieldLines): number {
  const [first = ""] = fieldValues(fields, "age").flatMap(listMembers);
  return (parseDeltaSeconds(first) ?? 0) * 1000;
}
