// Floor 4. Whether slices apply to a request and, if not, why. Pure.

import { type FieldLines, fieldValue } from "../http/fields.ts";
import { parseRange, type RangeSpec } from "../http/range-header.ts";
import { acceptsCodings, type ClientRequest, type ProbeKind } from "./request.ts";

/**
 * - `method`: neither GET nor HEAD
 * - `request-body`: a GET or HEAD with content, which may change what is answered
 * - `several-ranges`: the origin assembles multipart/byteranges
 */
export type PassthroughReason = "method" | "request-body" | "several-ranges";

export type Classified =
  | { readonly kind: "passthrough"; readonly why: PassthroughReason }
  | {
      readonly kind: "slices";
      readonly cacheKey: string;
      /** The one range asked for; undefined for the whole. */
      readonly range: RangeSpec | undefined;
      readonly probe: ProbeKind;
    };

export function classify(request: ClientRequest, isSlicePath: (path: string) => boolean): Classified {
  const { method, fields } = request;
  if (method !== "GET" && method !== "HEAD") return { kind: "passthrough", why: "method" };
  if (hasContent(fields)) return { kind: "passthrough", why: "request-body" };
  // RFC 9110 §14.2: Range is defined for GET only.
  const asked = method === "GET" ? parseRange(fieldValue(fields, "range")) : { kind: "none" as const };
  const specs = asked.kind === "bytes" ? asked.specs : [];
  if (specs.length > 1) return { kind: "passthrough", why: "several-ranges" };
  const range = specs[0];
  const path = request.target.split("?", 1)[0] as string;
  const ranged = range !== undefined || isSlicePath(path) || !acceptsCodings(fields);
  return { kind: "slices", cacheKey: cacheKeyOf(request), range, probe: ranged ? "ranged" : "plain" };
}

/** Scheme, host, path and query: what selects a resource. */
export function cacheKeyOf({ scheme, host, target }: ClientRequest): string {
  return `${scheme}://${host}${target}`;
}

function hasContent(fields: FieldLines): boolean {
  const length = fieldValue(fields, "content-length");
  return fieldValue(fields, "transfer-encoding") !== undefined || (length !== undefined && length !== "0");
}
