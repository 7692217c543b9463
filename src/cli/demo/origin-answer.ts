// Floor 7. What an honest origin answers to GET and HEAD: status, head and which bytes, as a pure value. It knows
// ranges and preconditions of RFC 9110 §13 and §14 on its own, so that it does not share a mistake with the proxy.

export interface Representation {
  /** Decides the bytes: see known-bytes.ts. */
  readonly name: string;
  readonly completeLength: number;
  readonly entityTag?: string;
  /** IMF-fixdate. */
  readonly lastModified?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the representation in the body, half-open; empty when there is no body. */
  readonly start: number;
  readonly end: number;
}

type Fields = Readonly<Record<string, string | string[] | undefined>>;

const units: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** The representation that a path such as `/64MiB/name` or `/100MB/name` names; its name is the path. */
export function representationAt(path: string): Representation | undefined {
  const match = /^\/(\d+)([KMG]i?B|B)\/[^/]+$/.exec(path);
  const unit = units[match?.[2] ?? ""];
  if (!match || unit === undefined) return undefined;
  return {
    name: path,
    completeLength: Number(match[1]) * unit,
    entityTag: `"${path.slice(1)}"`,
    lastModified: "Sun, 01 Mar 2026 08:00:00 GMT",
    headers: { "content-type": "application/octet-stream", "cache-control": "public, max-age=3600" },
  };
}

/** The right answer to a GET or HEAD with these fields; of several ranges none is honoured. */
export function answerTo(method: string, fields: Fields, representation: Representation): Answer {
  const { completeLength, entityTag, lastModified } = representation;
  const head: Record<string, string> = {
    ...representation.headers,
    "accept-ranges": "bytes",
    ...(entityTag !== undefined && { etag: entityTag }),
    ...(lastModified !== undefined && { "last-modified": lastModified }),
  };
  const bodiless = (status: number, more: Record<string, string> = {}): Answer => ({
    status,
    headers: { ...head, ...more },
    start: 0,
    end: 0,
  });
  const failed = failedPrecondition(fields, representation);
  if (failed !== undefined) return bodiless(failed, failed === 412 ? { "content-length": "0" } : {});
  const range =
    method === "GET" && rangeApplies(fields, representation) ? wantedRange(fields, completeLength) : "whole";
  if (range === "unsatisfiable") {
    return bodiless(416, { "content-range": `bytes */${completeLength}`, "content-length": "0" });
  }
  if (range === "whole") {
    const headers = { ...head, "content-length": String(completeLength) };
    return { status: 200, headers, start: 0, end: method === "HEAD" ? 0 : completeLength };
  }
  const headers = {
    ...head,
    "content-range": `bytes ${range.start}-${range.end - 1}/${completeLength}`,
    "content-length": String(range.end - range.start),
  };
  return { status: 206, headers, ...range };
}

function failedPrecondition(
  fields: Fields,
  { entityTag, lastModified }: Representation,
): 304 | 412 | undefined {
  const text = (name: string) => fields[name]?.toString();
  const ifMatch = text("if-match");
  const unmodifiedSince = text("if-unmodified-since");
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, entityTag)) return 412;
  } else if (unmodifiedSince !== undefined && isAfter(lastModified, unmodifiedSince)) return 412;
  const ifNoneMatch = text("if-none-match");
  const modifiedSince = text("if-modified-since");
  if (ifNoneMatch !== undefined) return lists(ifNoneMatch, entityTag) ? 304 : undefined;
  return modifiedSince !== undefined && !isAfter(lastModified, modifiedSince) ? 304 : undefined;
}

function lists(field: string, entityTag: string | undefined): boolean {
  if (field.trim() === "*") return true;
  return entityTag !== undefined && field.split(",").some((member) => member.trim() === entityTag);
}

function isAfter(lastModified: string | undefined, date: string): boolean {
  return lastModified === undefined || Date.parse(lastModified) > Date.parse(date);
}

function rangeApplies(fields: Fields, { entityTag, lastModified }: Representation): boolean {
  const ifRange = fields["if-range"]?.toString();
  return (
    ifRange === undefined || ifRange === lastModified || (ifRange === entityTag && !ifRange.startsWith("W/"))
  );
}

function wantedRange(
  fields: Fields,
  length: number,
): { start: number; end: number } | "whole" | "unsatisfiable" {
  const match = /^bytes=(\d*)-(\d*)$/.exec(fields.range?.toString() ?? "");
  if (!match || match[0] === "bytes=-") return "whole";
  const [, first = "", last = ""] = match;
  if (first === "") {
    const start = Math.max(0, length - Number(last));
    return start < length ? { start, end: length } : "unsatisfiable";
  }
  const start = Number(first);
  const end = last === "" ? length : Math.min(length, Number(last) + 1);
  if (last !== "" && Number(last) < start) return "whole";
  return start < length ? { start, end } : "unsatisfiable";
}
