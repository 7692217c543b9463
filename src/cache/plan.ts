// Floor 4. What to send, as a pure function of the request, the stored response and the time: a value that can be
// printed and tested without a socket.

import type { EpochMs } from "../base/units.ts";
import type { ByteRange } from "../http/byte-range.ts";
import { formatContentRange, formatUnsatisfied } from "../http/content-range.ts";
import { parseEntityTag } from "../http/entity-tag.ts";
import { type FieldLines, fieldValue, withoutFields } from "../http/fields.ts";
import { parseHttpDate } from "../http/http-date.ts";
import {
  evaluatePreconditions,
  ifRangeHolds,
  isStrongLastModified,
  type Selected,
} from "../http/precondition.ts";
import { type RangeSpec, resolveRange } from "../http/range-header.ts";
import { currentAgeMs, type StoredResponse } from "../slice/stored-response.ts";
import type { ClientRequest } from "./request.ts";

export interface ResponsePlan {
  readonly status: 200 | 206 | 304 | 412 | 416;
  /** Complete but for Cache-Status, which says how it came about. */
  readonly fields: FieldLines;
  /** Bytes to send after the head, half-open; undefined when the head is all. */
  readonly body: ByteRange | undefined;
}

/** @param range the one range that the client asked for */
export function planResponse(
  request: ClientRequest,
  range: RangeSpec | undefined,
  stored: StoredResponse,
  now: EpochMs,
): ResponsePlan {
  const { completeLength } = stored.representation;
  const selected = selectedOf(stored, now);
  const age = ["Age", String(Math.floor(currentAgeMs(stored, now) / 1000)), "Via", "1.1 mandoline"];
  const precondition = evaluatePreconditions({
    method: request.method,
    fields: request.fields,
    selected,
    now,
  });
  if (precondition.kind === "not-modified") {
    return {
      status: 304,
      fields: [...withoutFields(stored.fields, ABSENT_FROM_304), ...age],
      body: undefined,
    };
  }
  if (precondition.kind === "failed") return refused(412, age);

  const whole = { start: 0, end: completeLength };
  const resolved =
    range && rangeApplies(request.fields, selected, now) && resolveRange([range], completeLength);
  const fields = [...stored.fields, "Accept-Ranges", "bytes", ...age];
  const bodyOf = (bytes: ByteRange) =>
    request.method === "HEAD" || bytes.start === bytes.end ? undefined : bytes;
  if (!resolved) {
    return {
      status: 200,
      fields: [...fields, "Content-Length", String(completeLength)],
      body: bodyOf(whole),
    };
  }
  if (resolved.kind === "unsatisfiable") return unsatisfiable(completeLength, age);
  const bytes = resolved.ranges[0] as ByteRange;
  const part = [
    "Content-Range",
    formatContentRange(bytes, completeLength),
    "Content-Length",
    String(bytes.end - bytes.start),
  ];
  return { status: 206, fields: [...fields, ...part], body: bodyOf(bytes) };
}

/** RFC 9110 §15.5.17. */
export function unsatisfiable(completeLength: number, fields: FieldLines): ResponsePlan {
  return refused(416, [...fields, "Content-Range", formatUnsatisfied(completeLength)]);
}

/** RFC 9110 §15.4.5: a 304 says nothing of a content that it doesn't have. */
const ABSENT_FROM_304: ReadonlySet<string> = new Set([
  "content-type",
  "content-encoding",
  "content-language",
]);

function refused(status: 412 | 416, fields: FieldLines): ResponsePlan {
  return { status, fields: [...fields, "Content-Length", "0"], body: undefined };
}

/** RFC 9110 §13.1.5: If-Range that doesn't hold means that the Range wasn't sent. */
function rangeApplies(fields: FieldLines, selected: Selected, now: EpochMs): boolean {
  const ifRange = fieldValue(fields, "if-range");
  return ifRange === undefined || ifRangeHolds(ifRange, selected, now);
}

function selectedOf(stored: StoredResponse, now: EpochMs): Selected {
  const entityTag = parseEntityTag(fieldValue(stored.fields, "etag"));
  const lastModified = parseHttpDate(fieldValue(stored.fields, "last-modified"), now);
  const date = parseHttpDate(fieldValue(stored.fields, "date"), now);
  return {
    ...(entityTag && { entityTag }),
    ...(lastModified !== undefined && {
      lastModified,
      lastModifiedIsStrong: isStrongLastModified(lastModified, date),
    }),
  };
}
