// Floor 1. Whether a shared cache may store a response (RFC 9111 §3), and if not, for which reason.

import { parseCacheControl } from "./cache-control.ts";
import { type FieldLines, fieldValue, fieldValues } from "./fields.ts";
import { freshnessLifetimeMs } from "./freshness.ts";
import { varyNames } from "./vary.ts";

/**
 * - `method`, `status`: not a GET answered 200 or 206
 * - `no-store`: the request's or the response's
 * - `private`: in any form; the one with field names is taken for the whole, which RFC 9111 §5.2.2.7 allows
 * - `authorization`: the request carries it and the response doesn't open itself (RFC 9111 §3.5)
 * - `set-cookie`: made for one client
 * - `no-lifetime`: never fresh and without a validator, so it could never be used again
 * - `vary`: `*`, which matches no later request
 */
export type Storability =
  | { readonly store: true }
  | {
      readonly store: false;
      readonly why:
        | "method"
        | "status"
        | "no-store"
        | "private"
        | "authorization"
        | "set-cookie"
        | "no-lifetime"
        | "vary";
    };

/** What the decision looks at. */
export interface Exchange {
  readonly method: string;
  readonly status: number;
  readonly requestFields: FieldLines;
  readonly responseFields: FieldLines;
}

/** The first reason against storing, in the order method, status, directives, fields; or that there is none. */
export function storability({ method, status, requestFields, responseFields }: Exchange): Storability {
  const asked = parseCacheControl(fieldValues(requestFields, "cache-control"));
  const control = parseCacheControl(fieldValues(responseFields, "cache-control"));
  const has = (fields: FieldLines, name: string) => fieldValue(fields, name) !== undefined;
  const open = control.isPublic || control.mustRevalidate || control.sMaxageS !== undefined;

  if (method !== "GET") return { store: false, why: "method" };
  if (status !== 200 && status !== 206) return { store: false, why: "status" };
  if (asked.noStore) return { store: false, why: "no-store" };
  // RFC 9111 §5.2.2.3: must-understand lifts no-store for a status whose caching is known, as both are here.
  if (control.noStore && !control.mustUnderstand) return { store: false, why: "no-store" };
  if (control.isPrivate || control.privateFields.length > 0) return { store: false, why: "private" };
  if (has(requestFields, "authorization") && !open) return { store: false, why: "authorization" };
  if (has(responseFields, "set-cookie")) return { store: false, why: "set-cookie" };
  if (varyNames(responseFields) === "*") return { store: false, why: "vary" };
  const canValidate = has(responseFields, "etag") || has(responseFields, "last-modified");
  if (!canValidate && freshnessLifetimeMs(responseFields, 1) <= 0)
    return { store: false, why: "no-lifetime" };
  return { store: true };
}
