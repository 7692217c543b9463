// Floor 3b. HTTP/1.1 to one origin by undici. `dispatch` with a handler of ours: chunks go straight to whoever reads,
// no stream in between. The head comes first and the body waits, paused, until somebody reads it.

import { type Dispatcher, Pool } from "undici";
import type { Clock } from "../base/clock.ts";
import { MandolineError } from "../base/errors.ts";
import type { EpochMs } from "../base/units.ts";
import type { FieldLines } from "../http/fields.ts";
import { originFailure } from "./failures.ts";

export interface OriginRequest {
  readonly method: "GET" | "HEAD";
  /** Path and query, as the origin shall see them. */
  readonly path: string;
  readonly fields: FieldLines;
}

export interface OriginHead {
  readonly status: number;
  readonly fields: FieldLines;
  readonly requestedAt: EpochMs;
  readonly respondedAt: EpochMs;
  /** From the request's dispatch to the head. */
  readonly headMs: number;
}

export interface OriginClientOptions {
  readonly origin: URL;
  /** Connections at once; a request beyond them waits in undici. */
  readonly connectionsMax: number;
  readonly connectMs: number;
  readonly headMs: number;
  /** Longest silence inside a body; does not run while the reader has it paused. */
  readonly idleMs: number;
  readonly clock: Clock;
}

/** Bytes of an unwanted body read to keep the connection; beyond it, a new connection is cheaper. */
const DISCARD_BYTES_MAX = 64 * 1024;

/** One request and its answer, from the head on. The body must be read, discarded, or aborted. */
export class Exchange {
  readonly head: OriginHead;
  readonly #controller: Dispatcher.DispatchController;
  readonly #handler: ExchangeHandler;

  constructor(head: OriginHead, controller: Dispatcher.DispatchController, handler: ExchangeHandler) {
    this.head = head;
    this.#controller = controller;
    this.#handler = handler;
  }

  /** Called once, when nothing of it is under way any more. */
  onSettled(settled: () => void): void {
    this.#handler.onSettled(settled);
  }

  /**
   * Hands over the body chunk by chunk, as it arrives. What the reader
   * throws aborts the exchange and is what `read` rejects with.
   *
   * @throws ORIGIN_BODY_SHORT, ORIGIN_TIMEOUT
   */
  read(onChunk: (chunk: Buffer) => void): Promise<void> {
    const through = this.#handler.read(onChunk);
    this.#controller.resume();
    return through;
  }

  /** The same for a reader that may have to wait: nothing more is received while it holds a chunk. */
  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    const arrived: Buffer[] = [];
    let wake: (() => void) | undefined;
    let ended = false;
    const through = this.read((chunk) => {
      arrived.push(chunk);
      this.pause();
      wake?.();
    }).finally(() => {
      ended = true;
      wake?.();
    });
    // Awaited at the end; a failure before that must not count as unhandled.
    through.catch(() => undefined);
    for (;;) {
      const chunk = arrived.shift();
      if (chunk) {
        yield chunk;
        continue;
      }
      if (ended) break;
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      this.resume();
      await more;
    }
    await through;
  }

  /** Back-pressure: the origin stops being read, its socket fills. */
  pause(): void {
    this.#controller.pause();
  }

  resume(): void {
    this.#controller.resume();
  }

  abort(reason: MandolineError): void {
    if (!this.#handler.settled) this.#controller.abort(reason);
  }

  /** Gets rid of a body that nobody wants. */
  discard(): void {
    let discarded = 0;
    this.read((chunk) => {
      discarded += chunk.length;
      if (discarded > DISCARD_BYTES_MAX) this.abort(unwanted(discarded));
    }).catch(() => undefined);
  }
}

function unwanted(bytes: number): MandolineError {
  return new MandolineError("CANCELLED", `Discarding a body: it goes on past ${bytes} bytes`, {
    source: "self",
  });
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  settled = false;
  readonly #what: string;
  readonly #onHead: (status: number, fields: FieldLines, controller: Dispatcher.DispatchController) => void;
  readonly #onHeadFailure: (error: MandolineError) => void;
  #phase: "head" | "body" = "head";
  #onChunk: ((chunk: Buffer) => void) | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((error: MandolineError) => void) | undefined;
  #failure: MandolineError | undefined;
  #onSettled: (() => void) | undefined;

  constructor(
    what: string,
    onHead: (status: number, fields: FieldLines, controller: Dispatcher.DispatchController) => void,
    onHeadFailure: (error: MandolineError) => void,
  ) {
    this.#what = what;
    this.#onHead = onHead;
    this.#onHeadFailure = onHeadFailure;
  }

  onSettled(settled: () => void): void {
    if (this.settled) settled();
    else this.#onSettled = settled;
  }

  read(onChunk: (chunk: Buffer) => void): Promise<void> {
    this.#onChunk = onChunk;
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.settled) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onRequestStart(): void {
    // Required by undici; the exchange begins with the head.
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // 1xx: the final head follows (RFC 9110 §15.2).
    if (status < 200) return;
    this.#phase = "body";
    controller.pause();
    this.#onHead(status, rawFieldLines(controller.rawHeaders), controller);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // undici hands over an empty chunk at each resume: pausing on it would never end.
    if (chunk.length > 0) this.#onChunk?.(chunk);
  }

  onResponseEnd(): void {
    this.#settle();
    this.#resolve?.();
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    const error = originFailure(cause, this.#what, this.#phase);
    this.#failure = error;
    this.#settle();
    if (this.#phase === "head") this.#onHeadFailure(error);
    else this.#reject?.(error);
  }

  #settle(): void {
    this.settled = true;
    this.#onSettled?.();
  }
}

function rawFieldLines(raw: Dispatcher.DispatchController["rawHeaders"]): FieldLines {
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
}

export class OriginClient {
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #originText: string;

  constructor({ origin, connectionsMax, connectMs, headMs, idleMs, clock }: OriginClientOptions) {
    this.#clock = clock;
    this.#originText = origin.origin;
    this.#pool = new Pool(origin.origin, {
      connections: connectionsMax,
      pipelining: 1,
      // HTTP/2's small fixed windows make a big download several times slower at a high latency.
      allowH2: false,
      headersTimeout: headMs,
      bodyTimeout: idleMs,
      connect: { timeout: connectMs },
    });
  }

  /**
   * Sends a request and waits for the final head; the body is paused until it is read.
   *
   * @throws ORIGIN_UNREACHABLE, ORIGIN_TIMEOUT
   */
  open(request: OriginRequest): Promise<Exchange> {
    const startedMs = this.#clock.monotonicMs();
    const requestedAt = this.#clock.now();
    // The query stays out: it may carry a signature.
    const what = `${request.method} ${this.#originText}${request.path.split("?", 1)[0]}`;
    return new Promise((resolve, reject) => {
      const handler = new ExchangeHandler(
        what,
        (status, fields, controller) => {
          const headMs = this.#clock.monotonicMs() - startedMs;
          const head = { status, fields, requestedAt, respondedAt: this.#clock.now(), headMs };
          resolve(new Exchange(head, controller, handler));
        },
        reject,
      );
      const headers = request.fields as string[];
      this.#pool.dispatch({ method: request.method, path: request.path, headers, blocking: false }, handler);
    });
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
