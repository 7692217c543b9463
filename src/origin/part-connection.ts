// Floor 3b. One TCP connection of the part client, from the request's text to the last byte of the answer: what is under
// way on it, its time limits, and whether it may carry another request.

import { connect, type Socket } from "node:net";
import type { MandolineError } from "../base/errors.ts";
import { KiB } from "../base/units.ts";
import { originFailure, type Phase } from "./failures.ts";
import type { PartClientOptions } from "./part-client.ts";
import { type PlainHead, readPlainHead } from "./response-head.ts";

const HEAD_BYTES_MAX = 64 * KiB;
/** Origins close idle connections after 5 s and more (Node 5, nginx 75): ours go before. */
const KEEP_IDLE_MS = 4000;

/** What becomes of a connection between requests. */
export interface ConnectionOwner {
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
      onSettled: ((failure?: MandolineError) => void) | undefined;
    }
  | { readonly kind: "gone"; readonly why: MandolineError };

/** One keep-alive connection; one request at a time. */
export class Connection {
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

  /**
   * Sends a request.
   *
   * @returns its head, the body paused behind it; undefined for an answer that it is not sure of, and is gone then
   * @throws ORIGIN_UNREACHABLE, ORIGIN_TIMEOUT
   */
  ask(text: string, what: string): Promise<PlainHead | undefined> {
    return new Promise((resolve, reject) => {
      this.#state = { kind: "head", what, received: Buffer.alloc(0), resolve, reject };
      this.#socket.setTimeout(0);
      if (!this.#socket.connecting) this.#arm(this.#options.headMs, "UND_ERR_HEADERS_TIMEOUT", "a head");
      this.#socket.write(text, "latin1");
    });
  }

  /** Hands over the body; each chunk is valid during the call. @throws ORIGIN_BODY_SHORT, ORIGIN_TIMEOUT */
  read(onChunk: (chunk: Buffer) => void): Promise<void> {
    const state = this.#state;
    if (state.kind === "gone") return Promise.reject(state.why);
    if (state.kind !== "body") return Promise.resolve();
    return new Promise((resolve, reject) => {
      Object.assign(state, { onChunk, resolve, reject });
      const { early } = state;
      state.early = undefined;
      // Before anything is handed over, so that a reader that pauses at once stays paused.
      this.resume();
      if (early) this.#give(state, early);
      else if (state.remaining === 0) this.#finish(state, false);
    });
  }

  /** Silence is ours while it is paused, and counts for nothing. */
  pause(): void {
    if (this.#state.kind !== "body") return;
    this.#socket.setTimeout(0);
    this.#socket.pause();
  }

  /** Does nothing before somebody reads: what came then would be lost. */
  resume(): void {
    if (this.#state.kind !== "body" || !this.#state.onChunk) return;
    this.#socket.setTimeout(this.#options.idleMs);
    this.#socket.resume();
  }

  /** Called once, when the body is through or the connection gone, and why; at once when that is so. */
  onSettled(settled: (failure?: MandolineError) => void): void {
    if (this.#state.kind === "body") this.#state.onSettled = settled;
    else settled(this.#state.kind === "gone" ? this.#state.why : undefined);
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
      state.onSettled?.(why);
      state.reject?.(why);
    }
  }

  /** @returns false to be paused */
  #receive(chunk: Buffer): boolean {
    const state = this.#state;
    if (state.kind === "head") return this.#receiveHead(state, chunk);
    if (state.kind === "body" && state.onChunk) {
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
    if (end === -1 && state.received.length < HEAD_BYTES_MAX && !hasBareLineFeed(state.received)) return true;
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
      this.#socket.resume();
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

/** Such a head would have no end that this reader knows. */
function hasBareLineFeed(bytes: Buffer): boolean {
  return /(?:^|[^\r])\n/.test(bytes.toString("latin1"));
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
