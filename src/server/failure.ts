// Floor 6. The one place where a failure becomes a status.

import type { ErrorCode, MandolineError } from "../base/errors.ts";
import type { FieldLines } from "../http/fields.ts";

const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  REQUEST_INVALID: 400,
  ORIGIN_UNREACHABLE: 502,
  ORIGIN_RANGE_WRONG: 502,
  ORIGIN_BODY_SHORT: 502,
  ORIGIN_BODY_LONG: 502,
  ORIGIN_STATUS: 502,
  ORIGIN_CHANGED: 502,
  ORIGIN_TIMEOUT: 504,
  ORIGIN_OPEN: 503,
  ORIGIN_BUSY: 503,
  OVERLOADED: 503,
  STORE_DOWN: 500,
  STORE_CORRUPT: 500,
  CONFIG_INVALID: 500,
  PORT_TAKEN: 500,
  CANCELLED: 500,
  INVARIANT: 500,
};

/** RFC 9110 §10.2.3, for a failure that says nothing of its own. */
const RETRY_AFTER_MS = 1000;

export interface FailureHead {
  readonly status: number;
  readonly fields: FieldLines;
}

export function headOfFailure(error: MandolineError): FailureHead {
  const status = STATUS_OF[error.code];
  const fields = ["Content-Length", "0", "Via", "1.1 mandoline", "Cache-Control", "no-store"];
  if (status !== 503) return { status, fields };
  const afterMs = (error.facts.retryAfterMs as number | undefined) ?? RETRY_AFTER_MS;
  return { status, fields: [...fields, "Retry-After", String(Math.ceil(afterMs / 1000))] };
}
