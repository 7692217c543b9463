// Floor 6. The walk of a request: classify, find, plan, deliver. The only place where a failure becomes a status.

import { type RequestOutcome, requestEnded } from "../base/channels.ts";
import type { Clock } from "../base/clock.ts";
import { isMandolineError, MandolineError, messageOf } from "../base/errors.ts";
import type { Cache, Found, Wanted } from "../cache/cache.ts";
import { classify, type PassthroughReason } from "../cache/classify.ts";
import { planResponse, unsatisfiable } from "../cache/plan.ts";
import type { ClientRequest } from "../cache/request.ts";
import { Assembler } from "../deliver/assemble.ts";
import type { PassthroughResult } from "../deliver/passthrough.ts";
import { relay } from "../deliver/relay.ts";
import { sendBody } from "../deliver/respond.ts";
import type { ResponseSink } from "../deliver/response-sink.ts";
import type { ByteRange } from "../http/byte-range.ts";
import { type CacheStatus, formatCacheStatus } from "../http/cache-status.ts";
import { PAGE_BYTES, type PagePool } from "../slice/page-pool.ts";
import { currentAgeMs, type StoredResponse } from "../slice/stored-response.ts";
import type { TieredStore } from "../store/tiered-store.ts";
import { headOfFailure } from "./failure.ts";

export interface HandlerOptions {
  readonly cache: Cache;
  readonly store: TieredStore;
  readonly pool: PagePool;
  readonly clock: Clock;
  readonly sliceBytes: number;
  /** Slices under way at once for one client. */
  readonly widthMax: number;
  readonly isSlicePath: (path: string) => boolean;
  readonly onFailure: (error: MandolineError, request: ClientRequest) => void;
}

/** Sends a request on as it came. */
export type Forward = (cacheStatus: string) => Promise<PassthroughResult>;

/** What is told of a request at its end. */
interface Walk {
  readonly startedMs: number;
  outcome: RequestOutcome;
  status: number;
  cacheStatus: string;
  firstByteMs: number | undefined;
  /** Body bytes that went past the sink. */
  passedBytes: number;
}

type Sliced = Found & { readonly kind: "sliced" };

export class Handler {
  readonly #options: HandlerOptions;
  #inFlight = 0;

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Never rejects: what fails is answered, or breaks the connection when bytes have been sent. */
  async handle(request: ClientRequest, sink: ResponseSink, forward: Forward, client: string): Promise<void> {
    const { clock, isSlicePath, onFailure } = this.#options;
    const startedMs = clock.monotonicMs();
    const walk: Walk = {
      startedMs,
      outcome: "failed",
      status: 0,
      cacheStatus: "",
      firstByteMs: undefined,
      passedBytes: 0,
    };
    this.#inFlight += 1;
    try {
      const classified = classify(request, isSlicePath);
      if (classified.kind === "passthrough") await this.#forward(walk, forward, classified.why);
      else await this.#serve(walk, { ...classified, request }, sink, forward);
    } catch (cause) {
      const error = isMandolineError(cause) ? cause : unexpected(cause);
      onFailure(error, request);
      this.#answerFailure(walk, sink, error);
    } finally {
      this.#inFlight -= 1;
      const { outcome, status, cacheStatus, firstByteMs } = walk;
      requestEnded.publish({
        outcome,
        status,
        cacheStatus,
        firstByteMs,
        method: request.method,
        host: request.host,
        path: request.target.split("?", 1)[0] as string,
        bytes: sink.bytes + walk.passedBytes,
        durationMs: clock.monotonicMs() - startedMs,
        client,
      });
    }
  }

  /** A representation that changes before the first byte is sent is planned again, once. */
  async #serve(walk: Walk, wanted: Wanted, sink: ResponseSink, forward: Forward): Promise<void> {
    const changed = await this.#serveOnce(walk, wanted, sink, forward);
    if (!changed) return;
    if (sink.headSent) throw changed;
    const again = await this.#serveOnce(walk, wanted, sink, forward);
    if (again) throw again;
  }

  /** @returns the failure when the origin's representation is not the stored one any more */
  async #serveOnce(
    walk: Walk,
    wanted: Wanted,
    sink: ResponseSink,
    forward: Forward,
  ): Promise<MandolineError | undefined> {
    const { cache, clock } = this.#options;
    const found = await cache.find(wanted);
    switch (found.kind) {
      case "passthrough":
        await this.#forward(walk, forward, found.why);
        return undefined;
      case "relay": {
        const { head } = found.exchange;
        walk.status = head.status;
        walk.outcome = "relayed";
        walk.firstByteMs = clock.monotonicMs() - walk.startedMs;
        walk.cacheStatus = formatCacheStatus({ hit: false, fwd: found.forwarded, stored: false });
        if (!(await relay(found.exchange, sink, walk.cacheStatus))) walk.outcome = "aborted";
        return undefined;
      }
      case "unsatisfiable": {
        walk.outcome = "miss";
        walk.cacheStatus = formatCacheStatus({
          hit: false,
          fwd: found.forwarded,
          fwdStatus: 416,
          stored: false,
        });
        const { status, fields } = unsatisfiable(found.completeLength, ["Via", "1.1 mandoline"]);
        sendHead(walk, sink, status, [...fields, "Cache-Status", walk.cacheStatus]);
        return undefined;
      }
      case "sliced":
        try {
          await this.#send(walk, wanted, found, sink);
          return undefined;
        } catch (error) {
          if (speaksAgainstStored(error)) cache.forget(found.stored);
          if (isMandolineError(error, "ORIGIN_CHANGED")) return error;
          throw error;
        } finally {
          found.space.release();
        }
    }
  }

  async #send(walk: Walk, { request, range }: Wanted, found: Sliced, sink: ResponseSink): Promise<void> {
    const { clock } = this.#options;
    const plan = planResponse(request, range, found.stored, clock.now());
    const status = await this.#cacheStatusOf(found, plan.body);
    walk.outcome = outcomeOf(found, status);
    walk.cacheStatus = formatCacheStatus(status);
    const fields = [...plan.fields, "Cache-Status", walk.cacheStatus];
    if (!plan.body) {
      sendHead(walk, sink, plan.status, fields);
      return;
    }
    walk.status = plan.status;
    if (!(await this.#sendBody(walk, found, plan.body, sink, plan.status, fields))) walk.outcome = "aborted";
  }

  async #sendBody(
    walk: Walk,
    found: Sliced,
    range: ByteRange,
    sink: ResponseSink,
    status: number,
    fields: readonly string[],
  ): Promise<boolean> {
    const { pool, clock, sliceBytes } = this.#options;
    const { space, asking } = found;
    const assembler = new Assembler(
      {
        representation: space.representation,
        slice: (index) => space.slice(index),
        cover: (part, priority) => space.cover(part, priority, asking),
        supplyAt: (position, end) => space.supplyAt(position, end, asking),
        passed: (index) => space.passed(index),
        rangesFailed: () => space.rangesFailed(),
      },
      range,
    );
    const width = () => this.#width();
    const reader = {
      get position() {
        return assembler.position;
      },
      get windowBytes() {
        return width() * sliceBytes;
      },
    };
    space.join(reader);
    sink.onClosed(() => assembler.close());
    try {
      const onFirstByte = () => {
        walk.firstByteMs = clock.monotonicMs() - walk.startedMs;
      };
      const onProgress = () => space.advanced();
      const eager = range.end - range.start <= sliceBytes;
      const delivery = { sink, assembler, pool, clock, width, eager, onFirstByte, onProgress };
      return await sendBody(delivery, status, fields);
    } finally {
      assembler.close();
      space.leave(reader);
    }
  }

  /** All readers' windows together take at most half of the budget: the rest is for what is cached. */
  #width(): number {
    const { cache, pool, widthMax, sliceBytes } = this.#options;
    const fairBytes = (pool.pagesMax * PAGE_BYTES) / 2 / Math.max(1, cache.readerCount);
    return Math.max(1, Math.min(widthMax, Math.floor(fairBytes / sliceBytes)));
  }

  async #cacheStatusOf(found: Sliced, body: ByteRange | undefined): Promise<CacheStatus> {
    const { stored, forwarded, collapsed, forwardStatus, space } = found;
    const ttlS = ttlSeconds(stored, this.#options.clock);
    if (forwarded) {
      return {
        hit: false,
        fwd: forwarded,
        stored: space.shared,
        ...(collapsed && { collapsed }),
        ...(forwardStatus !== undefined && { fwdStatus: forwardStatus }),
        ttlS,
      };
    }
    const whole = !body || (await this.#options.store.hasRange(stored.representation, body));
    return whole ? { hit: true, ttlS } : { hit: false, fwd: "partial", stored: true, ttlS };
  }

  async #forward(walk: Walk, forward: Forward, why: PassthroughReason | string): Promise<void> {
    walk.outcome = "passthrough";
    walk.cacheStatus = formatCacheStatus(
      why === "method" ? { hit: false, fwd: "method" } : { hit: false, fwd: "bypass", detail: why },
    );
    const { status, bytes, failure } = await forward(walk.cacheStatus);
    walk.passedBytes = bytes;
    walk.status = status;
    if (failure) walk.outcome = "failed";
    else if (status === 0) walk.outcome = "aborted";
  }

  #answerFailure(walk: Walk, sink: ResponseSink, error: MandolineError): void {
    walk.outcome = sink.closed ? "aborted" : "failed";
    if (sink.headSent || sink.closed) {
      sink.abort();
      return;
    }
    const { status, fields } = headOfFailure(error);
    walk.cacheStatus ||= formatCacheStatus({ hit: false, fwd: "miss", detail: error.code });
    sendHead(walk, sink, status, [...fields, "Cache-Status", walk.cacheStatus]);
  }
}

function sendHead(walk: Walk, sink: ResponseSink, status: number, fields: readonly string[]): void {
  walk.status = status;
  sink.head(status, fields);
  sink.end();
}

function outcomeOf({ forwarded, collapsed, forwardStatus }: Sliced, status: CacheStatus): RequestOutcome {
  if (status.hit) return "hit";
  if (collapsed) return "collapsed";
  if (forwarded === undefined) return "partial";
  return forwarded === "stale" && forwardStatus === 304 ? "revalidated" : "miss";
}

/** The origin has said that what is stored is not what it has. */
function speaksAgainstStored(error: unknown): boolean {
  if (isMandolineError(error, "ORIGIN_CHANGED")) return true;
  return (
    isMandolineError(error, "ORIGIN_STATUS") && (error.facts.status === 404 || error.facts.status === 410)
  );
}

function ttlSeconds(stored: StoredResponse, clock: Clock): number {
  return Math.floor((stored.lifetimeMs - currentAgeMs(stored, clock.now())) / 1000);
}

function unexpected(cause: unknown): MandolineError {
  return new MandolineError("INVARIANT", `Handling a request: ${messageOf(cause)}`, {
    source: "self",
    cause,
  });
}
