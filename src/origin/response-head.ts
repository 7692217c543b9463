// Floor 3b. A narrow, strict reader of HTTP/1.1 response heads (RFC 9112 §4–§6): it takes only what it is sure of and
// leaves everything else to undici. Pure.

import { type FieldLines, fieldValue, fieldValues, listMembers } from "../http/fields.ts";

export interface PlainHead {
  readonly status: number;
  readonly fields: FieldLines;
  /** Framed by Content-Length, and by nothing else. */
  readonly contentLength: number;
  /** The connection may carry another request. */
  readonly keepAlive: boolean;
}

const STATUS_LINE = /^HTTP\/1\.1 ([2-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD_LINE =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*$/;

/** @param text a head without its last empty line, latin1 @returns undefined when anything in it is out of the ordinary */
export function readPlainHead(text: string): PlainHead | undefined {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const status = Number(STATUS_LINE.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) return undefined;
  const fields: string[] = [];
  for (const line of lines) {
    const match = FIELD_LINE.exec(line);
    if (!match) return undefined;
    fields.push(match[1] as string, match[2] as string);
  }
  const connection = listMembers(fieldValue(fields, "connection") ?? "").map((member) =>
    member.toLowerCase(),
  );
  const keepAlive = !connection.includes("close");
  if (fieldValue(fields, "transfer-encoding") !== undefined || fieldValue(fields, "upgrade") !== undefined) {
    return undefined;
  }
  // 204 and 304 have no content whatever they say (RFC 9112 §6.3).
  if (status === 204 || status === 304) return { status, fields, contentLength: 0, keepAlive };
  const lengths = fieldValues(fields, "content-length");
  if (lengths.length !== 1 || !/^\d{1,15}$/.test(lengths[0] as string)) return undefined;
  return { status, fields, contentLength: Number(lengths[0]), keepAlive };
}
