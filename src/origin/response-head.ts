// Floor 3b. A narrow, strict reader of HTTP/1.1 response heads (RFC 9112 §4–§6): it takes only what it is sure of and
// leaves everything else to undici. Pure.

import { type FieldLines, fieldValue, fieldValues, listMembers, trimOws } from "../http/fields.ts";

export interface PlainHead {
  readonly status: number;
  readonly fields: FieldLines;
  /** Framed by Content-Length, and by nothing else. */
  readonly contentLength: number;
  /** The connection may carry another request. */
  readonly keepAlive: boolean;
}

const STATUS_LINE = /^HTTP\/1\.1 ([2-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A token, and a value that is one line of latin1 (RFC 9110 §5.1, §5.5): what may be read or written as it stands. */
export function isPlainField(name: string, value: string): boolean {
  return FIELD_NAME.test(name) && FIELD_VALUE.test(value);
}

/** @param text a head without its last empty line, latin1 @returns undefined when anything in it is out of the ordinary */
export function readPlainHead(text: string): PlainHead | undefined {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const status = Number(STATUS_LINE.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) return undefined;
  const fields: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    // Not by one regular expression for the line, which is quadratic in white space.
    const value = trimOws(line.slice(colon + 1));
    if (!isPlainField(name, value)) return undefined;
    fields.push(name, value);
  }
  const connection = listMembers(fieldValue(fields, "connection") ?? "").map((member) =>
    member.toLowerCase(),
  );
  const keepAlive = !connection.includes("close");
  if (fieldValue(fields, "transfer-encoding") !== undefined || fieldValue(fields, "upgrade") !== undefined) {
    return undefined;
  }
  // 204 and 304 have no content whatever they say (RFC 9112 §6.3); nonsense they may not say either.
  const isContentless = status === 204 || status === 304;
  const [length = isContentless ? "0" : "", ...others] = fieldValues(fields, "content-length");
  if (others.length > 0 || !/^\d{1,15}$/.test(length)) return undefined;
  return { status, fields, contentLength: isContentless ? 0 : Number(length), keepAlive };
}
