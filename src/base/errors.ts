// Floor 0. The one shape of a failure. Expected outcomes (a miss, a 304, a 416) are values and never come here.

/** Closed list; DESIGN of the statuses: what a client sees lives in `server/failure.ts`. */
export type ErrorCode =
  | "REQUEST_INVALID"
  | "ORIGIN_UNREACHABLE"
  | "ORIGIN_RANGE_WRONG"
  | "ORIGIN_BODY_SHORT"
  | "ORIGIN_BODY_LONG"
  | "ORIGIN_TIMEOUT"
  | "ORIGIN_STATUS"
  | "ORIGIN_CHANGED"
  | "ORIGIN_OPEN"
  | "ORIGIN_BUSY"
  | "OVERLOADED"
  | "STORE_DOWN"
  | "STORE_CORRUPT"
  | "CONFIG_INVALID"
  | "PORT_TAKEN"
  | "CANCELLED"
  | "INVARIANT";

export type ErrorSource = "client" | "origin" | "store" | "self";

/** Whether asking again can help; `afterMs` is what the other side asked for (Retry-After), if it did. */
export type RetryAdvice = { readonly retry: false } | { readonly retry: true; readonly afterMs?: number };

export interface ErrorDetails {
  readonly source: ErrorSource;
  readonly advice?: RetryAdvice;
  /** Plain cloneable values that say what was expected and what was got. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Compare `code`, never the message. */
export class MandolineError extends Error {
  override readonly name = "MandolineError";
  readonly code: ErrorCode;
  readonly source: ErrorSource;
  readonly advice: RetryAdvice;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.source = details.source;
    this.advice = details.advice ?? { retry: false };
    this.facts = details.facts ?? {};
  }
}

export function isMandolineError(value: unknown, code?: ErrorCode): value is MandolineError {
  return value instanceof MandolineError && (code === undefined || value.code === code);
}

/** Text of anything thrown, for a message or a log line. */
export function messageOf(value: unknown): string {
  return value instanceof Error ? value.message : String(value);
}
