// Floor 3b. One origin: every request to it goes through retry, then limiter, then breaker, then client, in this order
// from the outside in, so that nobody sleeps in a slot and the breaker sees each attempt.

import type { Breaker } from "../base/breaker.ts";
import { bytesReceived, originFailed, subrequestEnded } from "../base/channels.ts";
import { isMandolineError } from "../base/errors.ts";
import type { ByteRange } from "../http/byte-range.ts";
import { formatRange } from "../http/range-header.ts";
import type { Representation } from "../slice/representation.ts";
import { conditionOf, refusalOfPart } from "./acceptance.ts";
import { type AttemptOptions, Attempts, failureOfStatus, type OpenRequest } from "./attempts.ts";
import type { Exchange, OriginRequest } from "./exchange.ts";
import { originFailure, runTooSlow, wrongLength } from "./failures.ts";
import type { Limiter, Priority } from "./limit.ts";
import { RetryBudget, type RetryPolicy, retrying } from "./retry.ts";

export interface OriginOptions extends AttemptOptions {
  /** In [0, 1). */
  readonly random: () => number;
  readonly retry: RetryPolicy;
  readonly retryBudgetPercent: number;
  /** A run from its first attempt to its last byte, retries included. */
  readonly sliceMs: number;
}

/** What a run writes into; `watermark` moves as it is written. */
export interface Sink {
  readonly range: ByteRange;
  readonly watermark: number;
  write(chunk: Buffer): void;
}

export interface RunRequest {
  readonly request: OriginRequest;
  readonly representation: Representation;
  readonly sink: Sink;
  readonly priority: () => Priority;
  /** Ends the run: queued, asleep, or under way. */
  readonly signal: AbortSignal;
  /** An answer that is here already, to exactly the sink's range: the probe's. */
  readonly first?: Exchange;
}

export class Origin {
  readonly url: URL;
  readonly #attempts: Attempts;
  readonly #budget: RetryBudget;
  readonly #options: OriginOptions;

  constructor(options: OriginOptions) {
    this.#options = options;
    this.url = options.url;
    this.#budget = new RetryBudget(options.retryBudgetPercent);
    this.#attempts = new Attempts(options);
  }

  get limiter(): Limiter {
    return this.#attempts.limiter;
  }

  get breaker(): Breaker {
    return this.#attempts.breaker;
  }

  /**
   * Asks until a head comes that is an answer, or no retry is left. A status that says failure to the last is an
   * answer too: it is relayed.
   *
   * @throws ORIGIN_UNREACHABLE, ORIGIN_TIMEOUT, ORIGIN_OPEN, ORIGIN_BUSY
   */
  async open(open: OpenRequest): Promise<Exchange> {
    let last: Exchange | undefined;
    try {
      return await this.#retrying(
        open.signal,
        () => 0,
        async (signal) => {
          last?.discard();
          last = undefined;
          const exchange = await this.#attempts.open({ ...open, signal });
          if (signal.aborted) {
            exchange.discard();
            throw signal.reason;
          }
          const failure = failureOfStatus(exchange, open.request.path);
          if (!failure) return exchange;
          last = exchange;
          throw failure;
        },
      );
    } catch (error) {
      if (last && isMandolineError(error, "ORIGIN_STATUS")) return last;
      last?.discard();
      throw error;
    }
  }

  /**
   * Fills a sink to its end, going on from its watermark after every cut.
   *
   * @throws the failures of `open`, and ORIGIN_CHANGED, ORIGIN_RANGE_WRONG, ORIGIN_BODY_SHORT, ORIGIN_BODY_LONG,
   * ORIGIN_STATUS; the sink keeps what it got
   */
  fill(run: RunRequest): Promise<void> {
    let first = run.first;
    const { sink, representation } = run;
    return this.#retrying(
      run.signal,
      () => sink.watermark,
      async (signal) => {
        const asked = { start: sink.watermark, end: sink.range.end };
        const given = first;
        first = undefined;
        const exchange =
          given ??
          (await this.#attempts.open({
            ...run,
            signal,
            request: ranged(run, asked),
            slot: "until-body",
            isPart: true,
          }));
        const refusal = given ? undefined : refusalOfPart(exchange.head, representation, asked);
        if (!refusal) return this.#readInto(exchange, sink, signal);
        exchange.discard();
        throw refusal;
      },
    );
  }

  close(): Promise<void> {
    return this.#attempts.close();
  }

  async #readInto(exchange: Exchange, sink: Sink, signal: AbortSignal): Promise<void> {
    const startedMs = this.#options.clock.monotonicMs();
    const onAbort = () => exchange.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    let ok = false;
    try {
      await exchange.read((chunk) => {
        if (sink.watermark + chunk.length > sink.range.end) throw wrongLength("ORIGIN_BODY_LONG", sink);
        bytesReceived.publish({ from: "origin", bytes: chunk.length });
        sink.write(chunk);
      });
      if (sink.watermark < sink.range.end) throw wrongLength("ORIGIN_BODY_SHORT", sink);
      ok = true;
    } finally {
      signal.removeEventListener("abort", onAbort);
      const { headMs } = exchange.head;
      const durationMs = headMs + this.#options.clock.monotonicMs() - startedMs;
      subrequestEnded.publish({ ok, durationMs, headMs });
    }
  }

  async #retrying<T>(
    outer: AbortSignal,
    progress: () => number,
    attempt: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { clock, random, retry: policy, sliceMs } = this.#options;
    this.#budget.earn();
    const deadline = new AbortController();
    const signal = AbortSignal.any([outer, deadline.signal]);
    const deadlineMs = clock.monotonicMs() + sliceMs;
    const disarm = clock.after(sliceMs, () => deadline.abort(runTooSlow(sliceMs)));
    try {
      const context = { policy, budget: this.#budget, clock, random, progress, deadlineMs, signal };
      return await retrying(context, async () => {
        try {
          return await attempt(signal);
        } catch (cause) {
          const error = originFailure(cause, "Asking the origin", "head");
          if (error.code !== "CANCELLED") originFailed.publish({ code: error.code, message: error.message });
          throw error;
        }
      });
    } finally {
      disarm();
    }
  }
}

function ranged({ request, representation }: RunRequest, asked: ByteRange): OriginRequest {
  const fields = [...request.fields, "Range", formatRange(asked), ...conditionOf(representation.validator)];
  return { ...request, fields };
}
