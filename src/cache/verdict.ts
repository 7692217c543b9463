// Floor 4. What the head that answers a probe means: pure, so that every odd origin is a row of a table.

import type { ByteRange } from "../http/byte-range.ts";
import { parseContentRange } from "../http/content-range.ts";
import { parseEntityTag } from "../http/entity-tag.ts";
import { endToEnd, type FieldLines, fieldValue, fieldValues, withoutFields } from "../http/fields.ts";
import { freshnessLifetimeMs, initialAgeMs } from "../http/freshness.ts";
import { parseHttpDate } from "../http/http-date.ts";
import { isStrongLastModified } from "../http/precondition.ts";
import { storability } from "../http/storability.ts";
import { variantKey, varyNames } from "../http/vary.ts";
import { contentCodingOf } from "../origin/acceptance.ts";
import type { OriginHead } from "../origin/exchange.ts";
import { nameRepresentation, type StrongValidator } from "../slice/representation.ts";
import type { StoredResponse } from "../slice/stored-response.ts";

export interface Probed {
  readonly cacheKey: string;
  /** What was sent: its fields select the variant. */
  readonly fields: FieldLines;
  /** The range asked; undefined for a plain GET. */
  readonly asked: ByteRange | undefined;
  readonly head: OriginHead;
  readonly sliceBytes: number;
  readonly cacheTtlMs: number;
  readonly enableCache: boolean;
}

export type Verdict =
  /** Slices it is; `part` is what the body of this very answer holds. `stores` is false for a private one. */
  | {
      readonly kind: "sliced";
      readonly stored: StoredResponse;
      readonly part: ByteRange;
      readonly stores: boolean;
    }
  | { readonly kind: "not-modified" }
  | { readonly kind: "unsatisfiable"; readonly completeLength: number }
  /** To be sent on as it is. */
  | { readonly kind: "relay" }
  /** A part that can't be used: the request is asked again as the client put it. */
  | { readonly kind: "unusable"; readonly why: string };

export function judge(probed: Probed): Verdict {
  const { head, asked } = probed;
  if (head.status === 304) return { kind: "not-modified" };
  if (head.status === 416 && asked) {
    const unsatisfied = parseContentRange(fieldValue(head.fields, "content-range"));
    return unsatisfied?.kind === "unsatisfied"
      ? { kind: "unsatisfiable", completeLength: unsatisfied.completeLength }
      : { kind: "unusable", why: "a 416 without the complete length" };
  }
  if (head.status === 206) return asked ? judgePart(probed, asked) : { kind: "relay" };
  return head.status === 200 ? judgeWhole(probed) : { kind: "relay" };
}

function judgePart(probed: Probed, asked: ByteRange): Verdict {
  const { fields } = probed.head;
  const text = fieldValue(fields, "content-range");
  const part = parseContentRange(text);
  if (part?.kind !== "satisfied" || part.completeLength === undefined) {
    return { kind: "unusable", why: `a 206 with Content-Range ${text ?? "none"}` };
  }
  const end = Math.min(asked.end, part.completeLength);
  if (part.range.start !== asked.start || part.range.end !== end) {
    return { kind: "unusable", why: `bytes ${asked.start}-${end - 1} asked, got ${text}` };
  }
  const stored = describe(probed, part.completeLength, true);
  if (!stored) return { kind: "unusable", why: "no strong validator" };
  return { kind: "sliced", stored, part: part.range, stores: mayStore(probed) };
}

function judgeWhole(probed: Probed): Verdict {
  const { fields } = probed.head;
  const completeLength = contentLengthOf(fields);
  if (completeLength === undefined) return { kind: "relay" };
  const acceptsRanges = fieldValue(fields, "accept-ranges")?.toLowerCase() === "bytes";
  const stored = describe(probed, completeLength, probed.asked === undefined && acceptsRanges);
  if (!stored) return { kind: "relay" };
  const stores = mayStore(probed);
  // A stream that may not be kept and can't be fetched in parts gains nothing from slices.
  if (!stores && !stored.rangesWork) return { kind: "relay" };
  return { kind: "sliced", stored, part: { start: 0, end: completeLength }, stores };
}

/** Fields that speak of a part or of a connection, or that are written anew for each answer. */
export const NOT_STORED: ReadonlySet<string> = new Set([
  "content-range",
  "content-length",
  "content-digest",
  "content-md5",
  "accept-ranges",
  "age",
  "cache-status",
]);

function describe(probed: Probed, completeLength: number, rangesWork: boolean): StoredResponse | undefined {
  const { head, cacheKey, sliceBytes, cacheTtlMs, fields } = probed;
  const validator = strongValidatorOf(head);
  const names = varyNames(head.fields);
  if (!validator) return undefined;
  return {
    representation: nameRepresentation({
      cacheKey,
      variant: names === "*" ? "*" : variantKey(names, fields),
      validator,
      contentCoding: contentCodingOf(head.fields),
      completeLength,
      sliceBytes,
    }),
    fields: withoutFields(endToEnd(head.fields), NOT_STORED),
    varyNames: names === "*" ? [] : names,
    respondedAt: head.respondedAt,
    initialAgeMs: initialAgeMs(head),
    lifetimeMs: freshnessLifetimeMs(head.fields, cacheTtlMs, head.respondedAt),
    rangesWork,
  };
}

/** RFC 9110 §8.8.1: what tells versions apart byte by byte, or undefined. */
export function strongValidatorOf(head: OriginHead): StrongValidator | undefined {
  const tagText = fieldValue(head.fields, "etag");
  const tag = parseEntityTag(tagText);
  if (tag && tagText !== undefined && !tag.weak) return { kind: "entity-tag", text: tagText };
  // A weak tag says itself that equal tags may hide different bytes; a date is no better.
  if (tagText !== undefined) return undefined;
  const text = fieldValue(head.fields, "last-modified");
  const lastModified = parseHttpDate(text, head.respondedAt);
  const date = parseHttpDate(fieldValue(head.fields, "date"), head.respondedAt);
  if (text === undefined || lastModified === undefined || !isStrongLastModified(lastModified, date))
    return undefined;
  return { kind: "last-modified", text };
}

function contentLengthOf(fields: FieldLines): number | undefined {
  if (fieldValue(fields, "transfer-encoding") !== undefined) return undefined;
  const values = fieldValues(fields, "content-length");
  return values.length === 1 && /^\d{1,15}$/.test(values[0] as string) ? Number(values[0]) : undefined;
}

function mayStore({ enableCache, head, fields }: Probed): boolean {
  if (!enableCache) return false;
  const verdict = storability({
    method: "GET",
    status: head.status,
    requestFields: fields,
    responseFields: head.fields,
  });
  return verdict.store;
}
