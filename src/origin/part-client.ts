// Floor 3b. The reader of slice runs: plain TCP, bytes received into one buffer that is used again and again, and copied
// from there into pages. No garbage: undici's chunks wait for V8's collector by the tens of megabytes (measured: 10 GB
// through a 256 MiB budget, README). It takes only answers it is sure of; one that it is not sends it into retirement,
// and undici asks instead.

import { connect, type Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { MandolineError } from "../base/errors.ts";
import { KiB } from "../base/units.ts";
import { Exchange, type OriginRequest } from "./exchange.ts";
import { originFailure, type Phase } from "./failures.ts";
import { type PlainHead, readPlainHead } from "./response-head.ts";

/** One read of the kernel at most. */
const RECEIVE_BYTES = 256 * KiB;
const HEAD_BYTES_MAX = 64 * KiB;
/** An origin that answered oddly once is asked by undici for so long. */
const RETIRED_MS = 60_000;
/** Origins close idle connections after 5 s and more (Node 5, nginx 75): ours go before. */
const KEEP_IDLE_MS = 4000;

export interface PartClientOptions {
  /** `http:` only: TLS has no reading into a given buffer. */
  readonly origin: URL;
  readonly connectMs: number;
  readonly headMs: number;
  readonly idleMs: number;
  readonly clock: Clock;
}

export class PartClient {
  readonly #options: PartClientOptions;
  readonly #idle: Connection[] = [];
  readonly #all: Set<Connection> = new Set();
  /** Reads are handed over one after another, each wholly, so that one buffer serves all connections. */
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
  #retiredUntilMs = 0;

  constructor(options: PartClientOptions) {
    this.#options = options;
  }

  /** False for a while after the origin answered in a way that this client leaves to undici. */
  get serves(): boolean {
    return this.#options.clock.monotonicMs() >= this.#retiredUntilMs;
  }

  /**
   * Sends a request and waits for its head; the number of calls at once is the caller's limit on connections.
   *
   * @returns undefined when the answer is none that it is sure of: ask by the other client
   * @throws ORIGIN_UNREACHABLE, ORIGIN_TIMEOUT
   */
  async open(request: OriginRequest): Promise<Exchange | undefined> {
    const { clock, origin } = this.#options;
    const requestedAt = clock.now();
    const startedMs = clock.monotonicMs();
    const what = `${request.method} ${origin.origin}${request.path.split("?", 1)[0]}`;
    const connection = this.#idle.pop() ?? this.#connect();
    try {
      const plain = await connection.ask(requestText(request), what);
      if (plain) {
        const { status, fields } = plain;
        const headMs = clock.monotonicMs() - startedMs;
        const head = { status, fields, requestedAt, respondedAt: clock.now(), headMs };
        return new PartExchange(head, connection);
      }
      this.#retiredUntilMs = clock.monotonicMs() + RETIRED_MS;
      return undefined;
    } catch (cause) {
      throw originFailure(cause, what, "head");
    }
  }

  close(): void {
    for (const connection of this.#all) connection.destroy(closing());
  }

  #connect(): Connection {
    const connection: Connection = new Connection(this.#options, this.#buffer, {
      onIdle: () => this.#idle.push(connection),
      onGone: () => {
        this.#all.delete(connection);
        const at = this.#idle.indexOf(connection);
        if (at !== -1) this.#idle.splice(at, 1);
      },
    });
    this.#all.add(connection);
    return connection;
  }
}

function requestText({ method, path, fields }: OriginRequest): string {
  let text = `${method} ${path} HTTP/1.1\r\n`;
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`;
  if (/[^\r]\n|\r[^\n]|\0/.test(text) || text.split("\r\n").length !== fields.length / 2 + 2) {
    throw new MandolineError(
      "REQUEST_INVALID",
      "Writing a sub-request: expected fields without line breaks",
      {
        source: "client",
      },
    );
  }
  return `${text}Connection: keep-alive\r\n\r\n`;
}

function closing(): MandolineError {
  return new MandolineError("CANCELLED", "Asking the origin: the proxy closes", { source: "self" });
}

interface ConnectionOwner {
  readonly onIdle: () => void;
  readonly onGone: () => void;
}

/** What is under way on a connection: nothing, a head awaited, a body from its head on. */
type State =
  | { readonly kind: "idle" }
  | {
      readonly kind: "head";
      readonly what: string;
      received: Buffer;
      readonly resolve: (head: PlainHead | undefined) => void;
      readonly reject: (error: unknown) => void;
    }
  | {
      readonly kind: "body";
      readonly what: string;
      readonly keepAlive: boolean;
      remaining: number;
      /** What came with the head, before anybody read. */
      early: Buffer | undefined;
      onChunk: ((chunk: Buffer) => void) | undefined;
      resolve: (() => void) | undefined;
      reject: ((error: unknown) => void) | undefined;
      onSettled: (() => void) | undefined;
    }
  | { readonly kind: "gone"; readonly why: MandolineError };

/** One keep-alive connection; one request at a time. */
class Connection {
  readonly #options: PartClientOptions;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  #state: State = { kind: "idle" };
  #disarm: () => void = () => {};

  constructor(options: PartClientOptions, buffer: Buffer, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
    const { origin } = options;
    this.#socket = connect({
      host: origin.hostname.replace(/^\[|\]$/g, ""),
      port: Number(origin.port || 80),
      noDelay: true,
      onread: { buffer, callback: (bytes) => this.#receive(buffer.subarray(0, bytes)) },
    });
    this.#arm(options.connectMs, "UND_ERR_CONNECT_TIMEOUT", "a connection");
    this.#socket.once("connect", () => {
      if (this.#state.kind === "head") this.#arm(options.headMs, "UND_ERR_HEADERS_TIMEOUT", "a head");
    });
    this.#socket.on("timeout", () => this.#timedOut());
    this.#socket.on("error", (cause) => this.destroy(cause));
    this.#socket.on("end", () => this.destroy(systemError("ECONNRESET", "the origin closed the connection")));
    this.#socket.on("close", () => this.destroy(systemError("ECONNRESET", "the connection closed")));
  }

  ask(text: string, what: string): Promise<PlainHead | undefined> {
    return new Promise((resolve, reject) => {
      this.#state = { kind: "head", what, received: Buffer.alloc(0), resolve, reject };
      this.#socket.setTimeout(0);
      if (!this.#socket.connecting) this.#arm(this.#options.headMs, "UND_ERR_HEADERS_TIMEOUT", "a head");
      this.#socket.write(text, "latin1");
    });
  }

  read(onChunk: (chunk: Buffer) => void): Promise<void> {
    const state = this.#state;
    if (state.kind === "gone") return Promise.reject(state.why);
    if (state.kind !== "body") return Promise.resolve();
    return new Promise((resolve, reject) => {
      Object.assign(state, { onChunk, resolve, reject });
      const { early } = state;
      state.early = undefined;
      if (early) this.#give(state, early);
      if (state.remaining === 0) this.#finish(state, false);
      else this.resume();
    });
  }

  /** Silence is ours while it is paused, and counts for nothing. */
  pause(): void {
    this.#socket.setTimeout(0);
    this.#socket.pause();
  }

  resume(): void {
    if (this.#state.kind === "body") this.#socket.setTimeout(this.#options.idleMs);
    this.#socket.resume();
  }

  onSettled(settled: () => void): void {
    if (this.#state.kind === "body") this.#state.onSettled = settled;
    else settled();
  }

  /** Ends it and whatever is under way; more than once does nothing. */
  destroy(cause: unknown): void {
    const state = this.#state;
    if (state.kind === "gone") return;
    const phase: Phase = state.kind === "head" ? "head" : "body";
    const what = "what" in state ? state.what : "An idle connection";
    const why = originFailure(cause, what, phase);
    this.#state = { kind: "gone", why };
    this.#disarm();
    this.#socket.destroy();
    this.#owner.onGone();
    if (state.kind === "head") state.reject(why);
    if (state.kind === "body") {
      state.onSettled?.();
      state.reject?.(why);
    }
  }

  /** @returns false to be paused */
  #receive(chunk: Buffer): boolean {
    const state = this.#state;
    if (state.kind === "head") return this.#receiveHead(state, chunk);
    if (state.kind === "body") {
      this.#give(state, chunk);
      return true;
    }
    // Bytes that nobody asked for.
    this.destroy(systemError("HPE_INVALID_CONSTANT", "bytes beyond the answer"));
    return false;
  }

  #receiveHead(state: State & { kind: "head" }, chunk: Buffer): boolean {
    state.received = Buffer.concat([state.received, chunk]);
    const end = state.received.indexOf("\r\n\r\n");
    const plain = end === -1 ? undefined : readPlainHead(state.received.toString("latin1", 0, end));
    if (end === -1 && state.received.length < HEAD_BYTES_MAX) return true;
    this.#disarm();
    const early = state.received.subarray(end + 4);
    if (!plain || early.length > plain.contentLength) {
      state.resolve(undefined);
      this.#state = { kind: "idle" };
      this.destroy(systemError("HPE_USER", "an answer for the other client"));
      return false;
    }
    this.#state = {
      kind: "body",
      what: state.what,
      keepAlive: plain.keepAlive,
      remaining: plain.contentLength,
      early: early.length > 0 ? early : undefined,
      onChunk: undefined,
      resolve: undefined,
      reject: undefined,
      onSettled: undefined,
    };
    this.#socket.setTimeout(this.#options.idleMs);
    state.resolve(plain);
    return false;
  }

  #give(state: State & { kind: "body" }, chunk: Buffer): void {
    const surplus = chunk.length > state.remaining;
    const body = surplus ? chunk.subarray(0, state.remaining) : chunk;
    state.remaining -= body.length;
    try {
      state.onChunk?.(body);
    } catch (error) {
      this.destroy(error);
      return;
    }
    if (state.remaining === 0 && state.resolve) this.#finish(state, surplus);
  }

  /** The body is through: the connection waits for another request, unless something is off with it. */
  #finish(state: State & { kind: "body" }, surplus: boolean): void {
    if (this.#state !== state) return;
    this.#state = { kind: "idle" };
    if (state.keepAlive && !surplus) {
      this.#socket.setTimeout(KEEP_IDLE_MS);
      this.resume();
      this.#owner.onIdle();
    } else {
      this.destroy(systemError("ECONNRESET", "the origin keeps no connection"));
    }
    state.onSettled?.();
    state.resolve?.();
  }

  #arm(waitMs: number, code: string, expected: string): void {
    this.#disarm();
    this.#disarm = this.#options.clock.after(waitMs, () =>
      this.destroy(systemError(code, `expected ${expected} within ${waitMs} ms`)),
    );
  }

  #timedOut(): void {
    const waitMs = this.#options.idleMs;
    this.destroy(systemError("UND_ERR_BODY_TIMEOUT", `no byte for ${waitMs} ms`));
  }
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

class PartExchange extends Exchange {
  readonly #connection: Connection;
  #settled = false;

  constructor(head: Exchange["head"], connection: Connection) {
    super(head);
    this.#connection = connection;
    connection.onSettled(() => this.#settle());
  }

  #onSettled: (() => void) | undefined;

  #settle(): void {
    this.#settled = true;
    this.#onSettled?.();
  }

  override onSettled(settled: () => void): void {
    if (this.#settled) settled();
    else this.#onSettled = settled;
  }

  override read(onChunk: (chunk: Buffer) => void): Promise<void> {
    return this.#connection.read(onChunk);
  }

  override pause(): void {
    this.#connection.pause();
  }

  override resume(): void {
    this.#connection.resume();
  }

  override abort(reason: MandolineError): void {
    if (!this.#settled) this.#connection.destroy(reason);
  }

  /** The receive buffer is used again at once. */
  protected override keep(chunk: Buffer): Buffer {
    return Buffer.from(chunk);
  }
}
