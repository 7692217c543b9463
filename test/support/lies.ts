// The lies that origins are known to tell, each as what it changes of the honest answer. See startOrigin().

import { seededRandom } from "../../src/cli/demo/seeded.ts";
import type { Lie, Script } from "./origin.ts";

/** Sub-requests that meet each fault, of all; the rest is answered honestly. */
export interface FaultShares {
  readonly unavailable: number;
  readonly reset: number;
  readonly truncated: number;
}

export const honest: Lie = {};

/** Breaks the connection with a reset before any head. */
export const reset: Lie = { reset: true };

/** Answers 200 with everything, as an origin without ranges does. */
export const rangeIgnored: Lie = { ignore: ["range"], headers: { "accept-ranges": undefined } };

/** The right bytes, chunked, of a length that only Content-Range tells. */
export const chunked: Lie = { headers: { "content-length": undefined } };

export const withoutValidator: Lie = { headers: { etag: undefined, "last-modified": undefined } };

export function unavailable(retryAfterSeconds?: number): Lie {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return { status: 503, headers: { ...plainHead, ...headers }, body: Buffer.from("busy") };
}

/** A bare status, without the fields of the representation. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Lie {
  return { status: code, headers: { ...plainHead, ...headers }, body: Buffer.alloc(0) };
}

export function cutAfter(bytes: number): Lie {
  return { cutBytes: bytes };
}

export function headAfter(opened: Promise<void>): Lie {
  return { headAfter: opened };
}

export function stalledAfter(bytes: number, opened: Promise<void>): Lie {
  return { stall: { bytes, until: opened } };
}

/** @param value such as `bytes 0-9/20`, `bytes 0-9/*`, or nonsense; the body stays the honest one */
export function contentRange(value: string | undefined): Lie {
  return { headers: { "content-range": value } };
}

export function entityTag(value: string): Lie {
  return { headers: { etag: value } };
}

/** Says that the body is coded; the bytes stay what they are. */
export function contentCoding(value: string): Lie {
  return { headers: { "content-encoding": value } };
}

/** Bytes after the end that the head told of. */
export function followedBy(extra: Buffer): Lie {
  return { extra };
}

/** A multipart/byteranges answer of one part, where a plain 206 was asked for. */
export function multipart(part: Buffer, range: string): Lie {
  const text = `--frontier\r\nContent-Range: ${range}\r\n\r\n`;
  return {
    status: 206,
    headers: { "content-range": undefined, "content-type": "multipart/byteranges; boundary=frontier" },
    body: Buffer.concat([Buffer.from(text), part, Buffer.from("\r\n--frontier--\r\n")]),
  };
}

/** Faults by seeded chance, drawn once a request in the order of arrival. */
export function seededFaults(seed: number, shares: FaultShares = fivePercent): Script {
  const random = seededRandom(seed);
  return (request) => {
    const drawn = random();
    const share = random();
    if (drawn < shares.unavailable) return unavailable();
    if (drawn < shares.unavailable + shares.reset) return reset;
    if (drawn >= shares.unavailable + shares.reset + shares.truncated) return honest;
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.range ?? "") ?? [];
    return cutAfter(Math.floor(share * (first && last ? Number(last) - Number(first) + 1 : 65_536)));
  };
}

/** 5 % 503, 3 % resets, 3 % truncations. */
export const fivePercent: FaultShares = { unavailable: 0.05, reset: 0.03, truncated: 0.03 };

const plainHead = {
  etag: undefined,
  "last-modified": undefined,
  "cache-control": undefined,
  "content-range": undefined,
  "accept-ranges": undefined,
} as const;
