// Floor 3b. What can go wrong at an origin, as the one shape of a failure: code, whether asking again can help.

import { type ErrorCode, MandolineError, messageOf, type RetryAdvice } from "../base/errors.ts";
import type { ByteRange } from "../http/byte-range.ts";

export type Phase = "head" | "body";

const TIMEOUT_CODES = new Set(["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/** @param phase whether the head had arrived when undici gave up */
export function originFailure(cause: unknown, what: string, phase: Phase): MandolineError {
  if (cause instanceof MandolineError) return cause;
  const systemCode = String((cause as { code?: unknown } | undefined)?.code ?? "unknown");
  let code: ErrorCode = phase === "head" ? "ORIGIN_UNREACHABLE" : "ORIGIN_BODY_SHORT";
  if (TIMEOUT_CODES.has(systemCode)) code = "ORIGIN_TIMEOUT";
  const expected = phase === "head" ? "a response head" : "the body to its end";
  return new MandolineError(code, `${what}: expected ${expected}, got ${systemCode} (${messageOf(cause)})`, {
    source: "origin",
    advice: { retry: true },
    facts: { systemCode, phase },
    cause,
  });
}

/** A status that is no answer to what was asked. @param retryAfterMs what Retry-After said, if it did */
export function statusFailure(
  status: number,
  what: string,
  retryAfterMs: number | undefined,
): MandolineError {
  const retry = status === 429 || status >= 500;
  const advice: RetryAdvice = !retry
    ? { retry: false }
    : retryAfterMs === undefined
      ? { retry: true }
      : { retry: true, afterMs: retryAfterMs };
  return new MandolineError("ORIGIN_STATUS", `${what}: expected status 206, got ${status}`, {
    source: "origin",
    advice,
    facts: { status },
  });
}

/** A body that is not as long as the range asked. @param taken how far its bytes were */
export function wrongLength(
  code: "ORIGIN_BODY_SHORT" | "ORIGIN_BODY_LONG",
  taken: { readonly range: ByteRange; readonly watermark: number },
): MandolineError {
  const { watermark } = taken;
  const { start, end } = taken.range;
  const got = code === "ORIGIN_BODY_SHORT" ? `its end at ${watermark}` : "more";
  const message = `Fetching bytes ${start}-${end - 1}: expected ${end - start} bytes, got ${got}`;
  return new MandolineError(code, message, {
    source: "origin",
    // Who sends more than it says would do so again; and the range may be full, with nothing left to ask for.
    advice: { retry: code === "ORIGIN_BODY_SHORT" },
    facts: { watermark },
  });
}

/** A run with all its retries, past its deadline. */
export function runTooSlow(sliceMs: number): MandolineError {
  const message = `Fetching a run: expected its end within ${sliceMs} ms, got none`;
  return new MandolineError("ORIGIN_TIMEOUT", message, { source: "origin" });
}

/** RFC 9110 §15.6: the statuses that say the origin as a whole is in trouble, not one URL of it. */
const TROUBLE_STATUSES = new Set([502, 503, 504]);

/** Whether a failure speaks against the origin as a whole. */
export function speaksAgainstOrigin(error: unknown): boolean {
  if (!(error instanceof MandolineError)) return false;
  if (error.code === "ORIGIN_STATUS") return TROUBLE_STATUSES.has(error.facts.status as number);
  return error.code === "ORIGIN_UNREACHABLE" || error.code === "ORIGIN_TIMEOUT";
}

/** A connection that failed before a head came: nothing was asked yet, so asking again at once is safe and cheap. */
export function isConnectionFailure(error: MandolineError): boolean {
  return error.code === "ORIGIN_UNREACHABLE";
}
