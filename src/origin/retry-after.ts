// Floor 3b. Retry-After, RFC 9110 §10.2.3: seconds, or a date.

import type { EpochMs } from "../base/units.ts";
import { type FieldLines, fieldValue } from "../http/fields.ts";
import { parseHttpDate } from "../http/http-date.ts";

/** @returns how long to wait from `now`, 0 for a date that is past; undefined without one that can be read */
export function retryAfterMs(fields: FieldLines, now: EpochMs): number | undefined {
  const text = fieldValue(fields, "retry-after");
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = parseHttpDate(text, now);
  return at === undefined ? undefined : Math.max(0, at - now);
}
