// Floor 3b. One origin: every request to it goes through retry, then limiter, then breaker, then client, in this order
// from the outside in, so that nobody sleeps in a slot and the breaker sees each attempt.

import { Breaker } from "../base/breaker.ts";
import { bytesReceived, originFailed, subrequestEnded } from "../base/channels.ts";
import type { Clock } from "../base/clock.ts";
import { isMandolineError, MandolineError } from "../base/errors.ts";
import type { ByteRange } from "../http/byte-range.ts";
import { formatRange } from "../http/range-header.ts";
import type { Representation } from "../slice/representation.ts";
import { conditionOf, refusalOfPart } from "./acceptance.ts";
import type { Exchange, OriginRequest } from "./exchange.ts";
import { originFailure, speaksAgainstOrigin, statusFailure } from "./failures.ts";
import { Hedger } from "./hedge.ts";
import { Limiter, type Priority, type Ticket } from "./limit.ts";
import { OriginClient } from "./origin-client.ts";
import { PartClient } from "./part-client.ts";
import { RetryBudget, type RetryPolicy, retrying } from "./retry.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface OriginOptions {
  /** Scheme, authority, and a base path that goes before every path. */
  readonly url: URL;
  readonly clock: Clock;
  readonly random: () => number;
  readonly subrequestsMax: number;
  readonly queuedMax: number;
  readonly retry: RetryPolicy;
  readonly retryBudgetPercent: number;
  readonly hedgePercent: number;
  readonly connectMs: number;
  readonly headMs: number;
  readonly idleMs: number;
  /** A run from its first attempt to its last byte, retries included. */
  readonly sliceMs: number;
  readonly breaker: {
    readonly errorPercent: number;
    readonly volumeMin: number;
    readonly windowMs: number;
    readonly openMs: number;
  };
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

export interface OpenRequest {
  readonly request: OriginRequest;
  readonly priority: () => Priority;
  readonly signal: AbortSignal;
  /** Give the slot back with the head: for a body that is paced by a client. */
  readonly slot: "until-head" | "until-body";
  /** A range of it is asked for: the answer is most likely plain, and goes straight into pages. */
  readonly isPart?: boolean;
}

/** At most so many URLs are remembered as having failed inside a window; beyond, the oldest counts anew. */
const FAILED_PATHS_MAX = 1000;
/** Streams paced by clients hold no slot of the limiter; their connections are bounded besides. */
const STREAM_CONNECTIONS_MAX = 1024;

export class Origin {
  readonly url: URL;
  readonly limiter: Limiter;
  readonly breaker: Breaker;
  readonly #client: OriginClient;
  readonly #parts: PartClient | undefined;
  readonly #budget: RetryBudget;
  readonly #hedger: Hedger | undefined;
  readonly #options: OriginOptions;
  readonly #failedAtMs: Map<string, number> = new Map();
  readonly #uncounted: WeakSet<MandolineError> = new WeakSet();

  constructor(options: OriginOptions) {
    const { url, clock } = options;
    this.#options = options;
    this.url = url;
    this.limiter = new Limiter({ concurrencyMax: options.subrequestsMax, queuedMax: options.queuedMax });
    this.#budget = new RetryBudget(options.retryBudgetPercent);
    this.#hedger = options.hedgePercent > 0 ? new Hedger(options.hedgePercent, clock) : undefined;
    this.#client = new OriginClient({
      origin: url,
      connectionsMax: options.subrequestsMax + STREAM_CONNECTIONS_MAX,
      connectMs: options.connectMs,
      headMs: options.headMs,
      idleMs: options.idleMs,
      clock,
    });
    this.#parts = url.protocol === "http:" ? new PartClient({ ...options, origin: url }) : undefined;
    this.breaker = new Breaker({
      name: url.host,
      ...options.breaker,
      // A hedge may start the head's time anew.
      attemptMsMax: 2 * (options.connectMs + options.headMs),
      counts: (error) => speaksAgainstOrigin(error) && !this.#uncounted.has(error as MandolineError),
    });
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
          const exchange = await this.#attempt({ ...open, signal });
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
          (await this.#attempt({
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
    this.breaker.close();
    this.#parts?.close();
    return this.#client.close();
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
    const disarm = clock.after(sliceMs, () => deadline.abort(tooSlow(sliceMs)));
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

  /** One attempt up to its head, which may be one that says failure. */
  async #attempt(open: OpenRequest): Promise<Exchange> {
    const { request } = open;
    const ticket = await this.limiter.acquire(open.priority, open.signal);
    let answer: Exchange | undefined;
    let givenUp = false;
    try {
      await this.breaker.run(async () => {
        const exchange = await this.#openHedged(open, ticket);
        if (givenUp) return exchange.discard();
        answer = exchange;
        const failure = failureOfStatus(exchange, request.path);
        if (failure) throw this.#countOnce(failure, request.path);
      });
    } catch (error) {
      givenUp = true;
      ticket.releaseUnused();
      if (!answer) throw error;
    }
    return answer as Exchange;
  }

  #openHedged(open: OpenRequest, ticket: Ticket): Promise<Exchange> {
    if (!this.#hedger) return this.#openWith(ticket, open);
    return this.#hedger.open(
      () => this.#openWith(ticket, open),
      () => {
        const another = this.limiter.tryAcquire();
        return another && this.#openWith(another, open);
      },
    );
  }

  async #openWith(ticket: Ticket, { request, slot, isPart }: OpenRequest): Promise<Exchange> {
    ticket.use();
    try {
      const part = isPart && this.#parts?.serves ? await this.#parts.open(request) : undefined;
      const exchange = part ?? (await this.#client.open(request));
      if (slot === "until-head") ticket.release();
      else exchange.onSettled(() => ticket.release());
      return exchange;
    } catch (error) {
      ticket.release();
      throw error;
    }
  }

  /**
   * One URL that fails must not shut an origin: its statuses count once in a window. A connection that can't be made
   * says nothing of the URL and always counts, and so does what a half-open circuit waits for.
   */
  #countOnce(failure: MandolineError, path: string): MandolineError {
    const nowMs = this.#options.clock.monotonicMs();
    const lastMs = this.#failedAtMs.get(path);
    const repeated = lastMs !== undefined && nowMs - lastMs < this.#options.breaker.windowMs;
    if (repeated && this.breaker.state !== "half-open") this.#uncounted.add(failure);
    if (repeated) return failure;
    this.#failedAtMs.delete(path);
    this.#failedAtMs.set(path, nowMs);
    const [oldest] = this.#failedAtMs.keys();
    if (this.#failedAtMs.size > FAILED_PATHS_MAX && oldest !== undefined) this.#failedAtMs.delete(oldest);
    return failure;
  }
}

function ranged({ request, representation }: RunRequest, asked: ByteRange): OriginRequest {
  const fields = [...request.fields, "Range", formatRange(asked), ...conditionOf(representation.validator)];
  return { ...request, fields };
}

/** 5xx and 429: what a retry may mend. */
function failureOfStatus({ head }: Exchange, path: string): MandolineError | undefined {
  if (head.status < 500 && head.status !== 429) return undefined;
  return statusFailure(
    head.status,
    `Asking for ${path.split("?", 1)[0]}`,
    retryAfterMs(head.fields, head.respondedAt),
  );
}

function wrongLength(code: "ORIGIN_BODY_SHORT" | "ORIGIN_BODY_LONG", sink: Sink): MandolineError {
  const { start, end } = sink.range;
  const got = code === "ORIGIN_BODY_SHORT" ? `its end at ${sink.watermark}` : "more";
  return new MandolineError(
    code,
    `Fetching bytes ${start}-${end - 1}: expected ${end - start} bytes, got ${got}`,
    {
      source: "origin",
      // Who sends more than it says would do so again; and the range may be full, with nothing left to ask for.
      advice: { retry: code === "ORIGIN_BODY_SHORT" },
      facts: { watermark: sink.watermark },
    },
  );
}

function tooSlow(sliceMs: number): MandolineError {
  return new MandolineError(
    "ORIGIN_TIMEOUT",
    `Fetching a run: expected its end within ${sliceMs} ms, got none`,
    {
      source: "origin",
    },
  );
}
