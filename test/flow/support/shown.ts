// A response as a small value that says all of it: status, fields, and which bytes of a representation its body is.

import { isTrue, type WholeResponse } from "../../support/client.ts";

/** The fields of an answer but for those that the time decides, and of Cache-Status the ttl. */
export interface Shown {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  /** `0-9` for those positions, both inclusive, `none` for an empty body, else its text or what is wrong. */
  readonly body: string;
  readonly aborted: boolean;
}

const TIMED: ReadonlySet<string> = new Set(["date", "age", "connection", "keep-alive"]);
/** Longest body that is shown as text. */
const TEXT_MAX = 60;

/** @param name of the made-up representation that the body is held against */
export function show(response: WholeResponse, name: string): Shown {
  const fields: Record<string, string> = {};
  for (const [field, value] of Object.entries(response.headers)) {
    if (!TIMED.has(field)) fields[field] = String(value).replace(/; ttl=-?\d+/, "");
  }
  return { status: response.status, fields, body: bodyText(response, name), aborted: response.aborted };
}

function bodyText(response: WholeResponse, name: string): string {
  const { body, headers, status } = response;
  if (body.length === 0) return "none";
  const start = status === 206 ? Number(/^bytes (\d+)-/.exec(headers["content-range"] ?? "")?.[1]) : 0;
  if (isTrue(response, name, start)) return `${start}-${start + body.length - 1}`;
  return body.length <= TEXT_MAX ? body.toString("latin1") : `${body.length} bytes, not those of ${name}`;
}

/** What the origin's answers carry of the representation that `path` names. */
export function fieldsOf(path: string): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "cache-control": "public, max-age=3600",
    etag: `"${path.slice(1)}"`,
    "last-modified": "Sun, 01 Mar 2026 08:00:00 GMT",
    "accept-ranges": "bytes",
    via: "1.1 mandoline",
  };
}

/** A 200 with all of `path`. */
export function whole(path: string, length: number, cacheStatus: string): Shown {
  return {
    status: 200,
    fields: { ...fieldsOf(path), "content-length": String(length), "cache-status": cacheStatus },
    body: length === 0 ? "none" : `0-${length - 1}`,
    aborted: false,
  };
}

/** A 206 with the positions first to last of `path`, both inclusive. */
export function part(path: string, first: number, last: number, length: number, cacheStatus: string): Shown {
  return {
    status: 206,
    fields: {
      ...fieldsOf(path),
      "content-range": `bytes ${first}-${last}/${length}`,
      "content-length": String(last - first + 1),
      "cache-status": cacheStatus,
    },
    body: `${first}-${last}`,
    aborted: false,
  };
}

/** A 416 from us. */
export function unsatisfiable(length: number, cacheStatus: string): Shown {
  return {
    status: 416,
    fields: {
      "content-range": `bytes */${length}`,
      "content-length": "0",
      via: "1.1 mandoline",
      "cache-status": cacheStatus,
    },
    body: "none",
    aborted: false,
  };
}

/** A failure told by us. */
export function failure(status: number, code: string): Shown {
  return {
    status,
    fields: {
      "content-length": "0",
      "cache-control": "no-store",
      via: "1.1 mandoline",
      "cache-status": `mandoline; fwd=miss; detail="${code}"`,
    },
    body: "none",
    aborted: false,
  };
}

export const hit = "mandoline; hit";
/** A miss that a 206 answered and that was stored. */
export const miss = "mandoline; fwd=uri-miss; fwd-status=206; stored";
/** The same, answered by a 200. */
export const missWhole = "mandoline; fwd=uri-miss; fwd-status=200; stored";
/** The stored response was here, not all of the bytes. */
export const partial = "mandoline; fwd=partial; stored";
