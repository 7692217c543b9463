// Floor 4. A client's request as a plain value, and what of it goes on to the origin.

import { endToEnd, type FieldLines, fieldValue, listMembers, withoutFields } from "../http/fields.ts";

export interface ClientRequest {
  readonly method: string;
  /** Path and query, in origin-form (RFC 9112 §3.2.1). */
  readonly target: string;
  readonly scheme: "http" | "https";
  /** Authority as the client named it, lower case. */
  readonly host: string;
  /** As received, hop-by-hop fields included. */
  readonly fields: FieldLines;
}

/** How an unknown representation is first asked for; it also decides which codings may come back. */
export type ProbeKind = "ranged" | "plain";

/** Fields that select a part or make the answer depend on what the client has: ours to set, not to pass on. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "host",
  "range",
  "if-range",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "content-length",
  "expect",
  // Unkeyed, so it must not shape a stored response.
  "x-forwarded-host",
]);

const RANGED_OWN_FIELDS: ReadonlySet<string> = new Set([...OWN_FIELDS, "accept-encoding"]);

/** Fields of every sub-request for this client: end-to-end, without conditionals and Range. */
export function forwardFields(request: ClientRequest, probe: ProbeKind, originHost: string): FieldLines {
  const passed = withoutFields(endToEnd(request.fields), probe === "ranged" ? RANGED_OWN_FIELDS : OWN_FIELDS);
  const own = ["Host", originHost, "Via", "1.1 mandoline"];
  // A range is a range of one coding: the bytes of the representation itself (RFC 9110 §14.2).
  return probe === "ranged" ? [...passed, ...own, "Accept-Encoding", "identity"] : [...passed, ...own];
}

/** Whether any content coding but identity would be welcome (RFC 9110 §12.5.3). */
export function acceptsCodings(fields: FieldLines): boolean {
  const value = fieldValue(fields, "accept-encoding");
  if (value === undefined) return false;
  return listMembers(value).some((member) => {
    const [coding = "", ...parameters] = member.split(";").map((part) => part.trim().toLowerCase());
    const refused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    return !refused && coding !== "identity" && coding !== "";
  });
}
