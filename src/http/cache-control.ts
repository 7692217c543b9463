// Floor 1. Cache-Control of requests and responses as one value (RFC 9111 §5.2, RFC 5861, RFC 8246).
// What a directive means for a response is decided in storability.ts and freshness.ts.

import { parseDeltaSeconds } from "./decimal.ts";
import { listMembers } from "./fields.ts";

/** Directives that are absent are false, empty or missing. */
export interface CacheControl {
  readonly noStore: boolean;
  /** The form without field names. */
  readonly noCache: boolean;
  /** Lower case: what `no-cache="…"` names. */
  readonly noCacheFields: readonly string[];
  /** The form without field names. */
  readonly isPrivate: boolean;
  /** Lower case: what `private="…"` names. */
  readonly privateFields: readonly string[];
  readonly isPublic: boolean;
  /** 0 when present but invalid, so that such a response counts as stale (RFC 9111 §4.2.1). */
  readonly maxAgeS?: number;
  /** 0 when present but invalid. */
  readonly sMaxageS?: number;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly noTransform: boolean;
  readonly immutable: boolean;
  readonly staleWhileRevalidateS?: number;
  readonly staleIfErrorS?: number;
  readonly onlyIfCached: boolean;
  /** Infinity for the form without a value. */
  readonly maxStaleS?: number;
  readonly minFreshS?: number;
}

type Arguments = ReadonlyMap<string, readonly (string | undefined)[]>;

/**
 * Unknown directives are ignored. Of a directive that comes twice the more restrictive counts: the form
 * without field names, the smaller number (the greater of min-fresh). Seconds saturate at 2^31.
 *
 * @param values of the Cache-Control lines, in order
 */
export function parseCacheControl(values: readonly string[]): CacheControl {
  const all = directives(values);
  const maxAgeS = least(all.get("max-age"), 0);
  const sMaxageS = least(all.get("s-maxage"), 0);
  const staleWhileRevalidateS = least(all.get("stale-while-revalidate"));
  const staleIfErrorS = least(all.get("stale-if-error"));
  const maxStaleS = least(all.get("max-stale"), undefined, Number.POSITIVE_INFINITY);
  const minFreshS = seconds(all.get("min-fresh")).sort((a, b) => b - a)[0];
  return {
    noStore: all.has("no-store"),
    noCache: unqualified(all.get("no-cache")),
    noCacheFields: fieldNames(all.get("no-cache")),
    isPrivate: unqualified(all.get("private")),
    privateFields: fieldNames(all.get("private")),
    isPublic: all.has("public"),
    mustRevalidate: all.has("must-revalidate"),
    proxyRevalidate: all.has("proxy-revalidate"),
    mustUnderstand: all.has("must-understand"),
    noTransform: all.has("no-transform"),
    immutable: all.has("immutable"),
    onlyIfCached: all.has("only-if-cached"),
    ...(maxAgeS !== undefined && { maxAgeS }),
    ...(sMaxageS !== undefined && { sMaxageS }),
    ...(staleWhileRevalidateS !== undefined && { staleWhileRevalidateS }),
    ...(staleIfErrorS !== undefined && { staleIfErrorS }),
    ...(maxStaleS !== undefined && { maxStaleS }),
    ...(minFreshS !== undefined && { minFreshS }),
  };
}

/** Every argument of every directive; undefined stands for one without `=`. */
function directives(values: readonly string[]): Arguments {
  const all = new Map<string, (string | undefined)[]>();
  for (const member of values.flatMap(listMembers)) {
    const equals = member.indexOf("=");
    const name = (equals === -1 ? member : member.slice(0, equals)).trim().toLowerCase();
    const argument = equals === -1 ? undefined : unquoted(member.slice(equals + 1));
    const found = all.get(name);
    if (found === undefined) all.set(name, [argument]);
    else found.push(argument);
  }
  return all;
}

function unquoted(text: string): string {
  const inside = /^"(.*)"$/s.exec(text)?.[1];
  return inside === undefined ? text : inside.replace(/\\(.)/gs, "$1");
}

function unqualified(found: readonly (string | undefined)[] = []): boolean {
  return found.some((argument) => fieldNames([argument]).length === 0);
}

function fieldNames(found: readonly (string | undefined)[] = []): string[] {
  return found.flatMap((argument) => listMembers(argument ?? "")).map((name) => name.toLowerCase());
}

function least(
  found: readonly (string | undefined)[] | undefined,
  invalid?: number,
  absent: number | undefined = invalid,
): number | undefined {
  return seconds(found, invalid, absent).sort((a, b) => a - b)[0];
}

function seconds(
  found: readonly (string | undefined)[] = [],
  invalid?: number,
  absent: number | undefined = invalid,
): number[] {
  return found.flatMap((argument) => {
    const number = argument === undefined ? absent : (parseDeltaSeconds(argument) ?? invalid);
    return number ?? [];
  });
}
