// Floor 0. What the low floors tell: diagnostics channels, one per kind of event. Metrics and the log subscribe;
// nobody below knows who listens. Payloads are small and never carry a body or a query string.

import diagnostics from "node:diagnostics_channel";
import type { ErrorCode } from "./errors.ts";

export interface Channel<Event> {
  publish(event: Event): void;
  /** @returns the way to stop listening */
  subscribe(listener: (event: Event) => void): () => void;
}

function channel<Event>(name: string): Channel<Event> {
  const inner = diagnostics.channel(`mandoline:${name}`);
  return {
    publish: (event) => inner.publish(event),
    subscribe: (listener) => {
      const onMessage = (message: unknown) => listener(message as Event);
      inner.subscribe(onMessage);
      return () => inner.unsubscribe(onMessage);
    },
  };
}

export type BreakerState = "closed" | "half-open" | "open";

/** A sub-request ended: its head and body are through, or it failed. */
export const subrequestEnded: Channel<{
  readonly ok: boolean;
  readonly durationMs: number;
  readonly headMs: number | undefined;
}> = channel("subrequest-ended");

/** An attempt failed and is tried again after `waitMs`. */
export const subrequestRetried: Channel<{ readonly code: ErrorCode; readonly waitMs: number }> =
  channel("subrequest-retried");

/** A failure of the origin's or of ours that a request will feel, or that a retry hid. */
export const originFailed: Channel<{ readonly code: ErrorCode; readonly message: string }> =
  channel("origin-failed");

/** A second sub-request was started beside one that is late. */
export const subrequestHedged: Channel<{ readonly won: boolean }> = channel("subrequest-hedged");

export const breakerChanged: Channel<{ readonly name: string; readonly state: BreakerState }> =
  channel("breaker-changed");

export type SliceOutcome = "memory" | "redis" | "origin" | "collapsed";

/** Where bytes of a slice were for a reader, or that it joined a fill under way; `bytes` of the part it wants. */
export const sliceMet: Channel<{ readonly outcome: SliceOutcome; readonly bytes: number }> =
  channel("slice-met");

/** Bytes came in from a tier below memory. */
export const bytesReceived: Channel<{ readonly from: "redis" | "origin"; readonly bytes: number }> =
  channel("bytes-received");

/** A slice left memory to make room. */
export const sliceEvicted: Channel<{ readonly bytes: number }> = channel("slice-evicted");

/** The far store answered, or did not; what it could not do counts as a miss. */
export const farStoreAnswered: Channel<{ readonly operation: string; readonly durationMs: number }> =
  channel("far-store-answered");
export const farStoreFailed: Channel<{
  readonly operation: string;
  readonly code: ErrorCode;
  readonly cause: unknown;
}> = channel("far-store-failed");

/** How a whole request went; slices have outcomes of their own. */
export type RequestOutcome =
  | "hit"
  | "partial"
  | "miss"
  | "collapsed"
  | "revalidated"
  | "relayed"
  | "passthrough"
  | "failed"
  | "aborted";

/** A request is over. `path` is without its query, which may carry a signature. */
export interface RequestEnded {
  readonly outcome: RequestOutcome;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
  readonly durationMs: number;
  readonly firstByteMs: number | undefined;
  readonly cacheStatus: string;
  readonly client: string;
}

export const requestEnded: Channel<RequestEnded> = channel("request-ended");
