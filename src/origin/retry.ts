// Floor 3b. When a sub-request is tried again, and after how long: exponential backoff with full jitter (p-retry is the
// loop, the waits are ours: it has no jitter at its cap and does not know Retry-After). Nobody sleeps in a slot.

import pRetry from "p-retry";
import { subrequestRetried } from "../base/channels.ts";
import type { Clock } from "../base/clock.ts";
import { isMandolineError, type MandolineError } from "../base/errors.ts";
import { isConnectionFailure } from "./failures.ts";

export interface RetryPolicy {
  /** Consecutive attempts without a new byte, beyond the first. */
  readonly retriesMax: number;
  readonly firstMs: number;
  readonly maxMs: number;
}

export interface RetryContext {
  readonly policy: RetryPolicy;
  readonly budget: RetryBudget;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Bytes received so far: growth is progress and starts the count anew. */
  readonly progress: () => number;
  /** Instant of `clock.monotonicMs` at which the whole ends. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export type RetryDecision = { readonly retry: false } | { readonly retry: true; readonly waitMs: number };

/**
 * Pure: what to do after a failure.
 *
 * @param stalled consecutive attempts without a new byte, this one included
 */
export function decideRetry(
  error: MandolineError,
  stalled: number,
  policy: RetryPolicy,
  random: number,
): RetryDecision {
  if (!error.advice.retry) return { retry: false };
  if (stalled > policy.retriesMax) return { retry: false };
  // Nothing was asked yet: a kept-alive connection that the origin had just closed looks like this.
  if (isConnectionFailure(error) && stalled <= 1) return { retry: true, waitMs: 0 };
  if (error.advice.afterMs !== undefined) return { retry: true, waitMs: error.advice.afterMs };
  const ceilingMs = Math.min(policy.firstMs * 2 ** Math.max(0, stalled - 1), policy.maxMs);
  return { retry: true, waitMs: random * ceilingMs };
}

/** @throws the last failure, once no retry is left, allowed by the budget, or possible before the deadline */
export function retrying<T>(context: RetryContext, attempt: () => Promise<T>): Promise<T> {
  let stalled = 0;
  let progressBefore = context.progress();
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 0,
    signal: context.signal,
    shouldRetry: async ({ error }) => {
      if (!isMandolineError(error)) return false;
      const progress = context.progress();
      stalled = progress > progressBefore ? 0 : stalled + 1;
      progressBefore = progress;
      const decision = decideRetry(error, stalled, context.policy, context.random());
      if (!decision.retry) return false;
      const nowMs = context.clock.monotonicMs();
      if (nowMs + decision.waitMs >= context.deadlineMs || !context.budget.take(nowMs)) return false;
      subrequestRetried.publish({ code: error.code, waitMs: decision.waitMs });
      if (decision.waitMs > 0) await context.clock.sleep(decision.waitMs, context.signal);
      return true;
    },
  });
}

/** Retries of one origin: a share of its requests, and a few a second besides, so that they never become the load. */
export class RetryBudget {
  /** Tokens a second that come without any request. */
  static readonly PER_SECOND = 10;
  readonly #share: number;
  /** Ten seconds' worth may be saved up for a burst. */
  readonly #tokensMax = 10 * RetryBudget.PER_SECOND;
  #tokens: number = this.#tokensMax;
  #refilledMs: number | undefined;

  /** @param sharePercent retries per 100 requests */
  constructor(sharePercent: number) {
    this.#share = sharePercent / 100;
  }

  /** A request that is no retry was made. */
  earn(): void {
    this.#tokens = Math.min(this.#tokensMax, this.#tokens + this.#share);
  }

  /** @param nowMs monotonic @returns false when there is nothing left to spend */
  take(nowMs: number): boolean {
    const elapsedMs = nowMs - (this.#refilledMs ?? nowMs);
    this.#refilledMs = nowMs;
    this.#tokens = Math.min(this.#tokensMax, this.#tokens + (elapsedMs / 1000) * RetryBudget.PER_SECOND);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
