// Floor 3b. One attempt at an origin: limiter, then breaker, then hedge, then client, in this order from the outside in,
// so that nobody holds a slot before its turn and the breaker sees each attempt.

import { Breaker } from "../base/breaker.ts";
import type { Clock } from "../base/clock.ts";
import type { MandolineError } from "../base/errors.ts";
import type { Exchange, OriginRequest } from "./exchange.ts";
import { FailedPaths } from "./failed-paths.ts";
import { speaksAgainstOrigin, statusFailure } from "./failures.ts";
import { Hedger } from "./hedge.ts";
import { Limiter, type Priority, type Ticket } from "./limit.ts";
import { OriginClient } from "./origin-client.ts";
import { PartClient } from "./part-client.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface AttemptOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly subrequestsMax: number;
  readonly queuedMax: number;
  /** Hedges per 100 requests; 0 for none. */
  readonly hedgePercent: number;
  readonly connectMs: number;
  readonly headMs: number;
  readonly idleMs: number;
  readonly breaker: {
    readonly errorPercent: number;
    readonly volumeMin: number;
    readonly windowMs: number;
    readonly openMs: number;
  };
}

export interface OpenRequest {
  readonly request: OriginRequest;
  readonly priority: () => Priority;
  readonly signal: AbortSignal;
  /** Give the slot back with the head: for a body that is paced by a client, as all but parts (206) are. */
  readonly slot: "until-head" | "until-body";
  /** A range of it is asked for: the answer is most likely plain, and goes straight into pages. */
  readonly isPart?: boolean;
}

/** Streams paced by clients hold no slot of the limiter; their connections are bounded besides. */
const STREAM_CONNECTIONS_MAX = 1024;

export class Attempts {
  readonly limiter: Limiter;
  readonly breaker: Breaker;
  readonly #clock: Clock;
  readonly #client: OriginClient;
  readonly #parts: PartClient | undefined;
  readonly #hedger: Hedger | undefined;
  readonly #failedPaths: FailedPaths;
  readonly #uncounted: WeakSet<MandolineError> = new WeakSet();

  constructor(options: AttemptOptions) {
    const { url, clock, connectMs, headMs, idleMs } = options;
    this.#clock = clock;
    this.#failedPaths = new FailedPaths(options.breaker.windowMs);
    this.limiter = new Limiter({ concurrencyMax: options.subrequestsMax, queuedMax: options.queuedMax });
    this.#hedger = options.hedgePercent > 0 ? new Hedger(options.hedgePercent, clock) : undefined;
    const client = { origin: url, connectMs, headMs, idleMs, clock };
    const connectionsMax = options.subrequestsMax + STREAM_CONNECTIONS_MAX;
    this.#client = new OriginClient({ ...client, connectionsMax });
    this.#parts = url.protocol === "http:" ? new PartClient(client) : undefined;
    this.breaker = new Breaker({
      name: url.host,
      ...options.breaker,
      // A hedge may start the head's time anew.
      attemptMsMax: 2 * (connectMs + headMs),
      counts: (error) => speaksAgainstOrigin(error) && !this.#uncounted.has(error as MandolineError),
    });
  }

  /**
   * Up to the head, which may be one that says failure.
   *
   * @throws ORIGIN_UNREACHABLE, ORIGIN_TIMEOUT, ORIGIN_OPEN, ORIGIN_BUSY
   */
  async open(open: OpenRequest): Promise<Exchange> {
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
      if (isPart && !part) this.#parts?.learn(exchange.head);
      if (slot === "until-head" || exchange.head.status !== 206) ticket.release();
      else exchange.onSettled(() => ticket.release());
      return exchange;
    } catch (error) {
      ticket.release();
      throw error;
    }
  }

  /** What a half-open circuit waits for counts in any case. */
  #countOnce(failure: MandolineError, path: string): MandolineError {
    const isFirst = this.#failedPaths.note(path, this.#clock.monotonicMs());
    if (!isFirst && this.breaker.state !== "half-open") this.#uncounted.add(failure);
    return failure;
  }

  close(): Promise<void> {
    this.breaker.close();
    this.#parts?.close();
    return this.#client.close();
  }
}

/** 5xx and 429: what a retry may mend. */
export function failureOfStatus({ head }: Exchange, path: string): MandolineError | undefined {
  if (head.status < 500 && head.status !== 429) return undefined;
  return statusFailure(
    head.status,
    `Asking for ${path.split("?", 1)[0]}`,
    retryAfterMs(head.fields, head.respondedAt),
  );
}
