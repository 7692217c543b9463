// Floor 3b. HTTP/1.1 to one origin by undici. `dispatch` with a handler of ours: chunks go straight to whoever reads,
// no stream in between. The head comes first and the body waits, paused, until somebody reads it.

import { type Dispatcher, Pool } from "undici";
import type { Clock } from "../base/clock.ts";
import type { MandolineError } from "../base/errors.ts";
import type { FieldLines } from "../http/fields.ts";
import { Exchange, type OriginHead, type OriginRequest } from "./exchange.ts";
import { originFailure } from "./failures.ts";

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

class UndiciExchange extends Exchange {
  readonly #controller: Dispatcher.DispatchController;
  readonly #handler: ExchangeHandler;

  constructor(head: OriginHead, controller: Dispatcher.DispatchController, handler: ExchangeHandler) {
    super(head);
    this.#controller = controller;
    this.#handler = handler;
  }

  override onSettled(settled: () => void): void {
    this.#handler.onSettled(settled);
  }

  override read(onChunk: (chunk: Buffer) => void): Promise<void> {
    const through = this.#handler.read(onChunk);
    this.#controller.resume();
    return through;
  }

  override pause(): void {
    this.#controller.pause();
  }

  override resume(): void {
    this.#controller.resume();
  }

  override abort(reason: MandolineError): void {
    if (!this.#handler.settled) this.#controller.abort(reason);
  }
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
          resolve(new UndiciExchange(head, controller, handler));
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
