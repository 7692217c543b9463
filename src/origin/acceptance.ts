// Floor 3b. The four checks before bytes of a sub-request count: status 206; the representation's own validator,
// coding and complete length; exactly the range asked; the fourth, exactly that many bytes, is made as they pass.

import { MandolineError } from "../base/errors.ts";
import type { ByteRange } from "../http/byte-range.ts";
import { parseContentRange } from "../http/content-range.ts";
import { type FieldLines, fieldValue } from "../http/fields.ts";
import type { Representation, StrongValidator } from "../slice/representation.ts";
import type { OriginHead } from "./exchange.ts";
import { statusFailure } from "./failures.ts";
import { retryAfterMs } from "./retry-after.ts";

/** Content-Encoding as the name of a representation has it. */
export function contentCodingOf(fields: FieldLines): string {
  return fieldValue(fields, "content-encoding")?.toLowerCase() || "identity";
}

/** Fields of a sub-request that make a well-behaved origin refuse when the representation has changed. */
export function conditionOf(validator: StrongValidator): string[] {
  return validator.kind === "entity-tag"
    ? ["If-Match", validator.text]
    : ["If-Unmodified-Since", validator.text];
}

/**
 * Holds a head against what was asked.
 *
 * @param asked half-open, inside the representation
 * @returns why its bytes must not count: ORIGIN_CHANGED, ORIGIN_RANGE_WRONG (with the fact `ignored` when the origin
 * sends the whole), ORIGIN_STATUS; undefined when they may
 */
export function refusalOfPart(
  head: OriginHead,
  representation: Representation,
  asked: ByteRange,
): MandolineError | undefined {
  const what = `Fetching bytes ${asked.start}-${asked.end - 1}`;
  if (head.status === 412) return changed(what, representation.validator.text, "412 to its precondition");
  if (head.status !== 206 && head.status !== 200) {
    if (head.status === 416) return changed(what, `${representation.completeLength} bytes`, "status 416");
    return statusFailure(head.status, what, retryAfterMs(head.fields, head.respondedAt));
  }
  const identity = identityRefusal(head, representation, what);
  if (identity) return identity;
  if (head.status === 200) {
    return rangeWrong(what, "status 206", "200, the whole representation", { ignored: true });
  }
  const text = fieldValue(head.fields, "content-range");
  const part = parseContentRange(text);
  if (part?.kind !== "satisfied") return rangeWrong(what, "a Content-Range", text ?? "none");
  if (part.completeLength !== representation.completeLength) {
    const got = `${part.completeLength ?? "unknown"}`;
    return changed(what, `complete length ${representation.completeLength}`, got);
  }
  if (part.range.start !== asked.start || part.range.end !== asked.end) {
    return rangeWrong(what, "exactly this range", String(text));
  }
  return undefined;
}

/** The same for a plain GET of a representation that is known. @returns ORIGIN_CHANGED, ORIGIN_STATUS, or undefined */
export function refusalOfWhole(head: OriginHead, representation: Representation): MandolineError | undefined {
  const what = "Fetching the whole";
  if (head.status === 412) return changed(what, representation.validator.text, "412 to its precondition");
  if (head.status !== 200)
    return statusFailure(head.status, what, retryAfterMs(head.fields, head.respondedAt));
  const identity = identityRefusal(head, representation, what);
  if (identity) return identity;
  const length = fieldValue(head.fields, "content-length");
  if (length === String(representation.completeLength)) return undefined;
  return changed(what, `complete length ${representation.completeLength}`, length ?? "none");
}

function identityRefusal(head: OriginHead, { validator, contentCoding }: Representation, what: string) {
  const name = validator.kind === "entity-tag" ? "etag" : "last-modified";
  const got = fieldValue(head.fields, name);
  if (got !== validator.text) return changed(what, `${name} ${validator.text}`, got ?? "none");
  const coding = contentCodingOf(head.fields);
  if (coding !== contentCoding) return changed(what, `content coding ${contentCoding}`, coding);
  return undefined;
}

function changed(what: string, expected: string, got: string): MandolineError {
  return new MandolineError("ORIGIN_CHANGED", `${what}: expected ${expected}, got ${got}`, {
    source: "origin",
    facts: { expected, got },
  });
}

function rangeWrong(
  what: string,
  expected: string,
  got: string,
  facts: Readonly<Record<string, unknown>> = {},
): MandolineError {
  return new MandolineError("ORIGIN_RANGE_WRONG", `${what}: expected ${expected}, got ${got}`, {
    source: "origin",
    advice: { retry: facts.ignored !== true },
    facts: { ...facts, expected, got },
  });
}
