// Floor 3b. The reader of slice runs: plain TCP, bytes received into one buffer that is used again and again, and copied
// from there into pages. No garbage: undici's chunks wait for V8's collector by the tens of megabytes (measured: 10 GB
// through a 256 MiB budget, README). It takes only answers it is sure of; one that it is not sends it into retirement,
// and undici asks instead.

import type { Clock } from "../base/clock.ts";
import { MandolineError } from "../base/errors.ts";
import { KiB } from "../base/units.ts";
import { fieldValue } from "../http/fields.ts";
import { Exchange, type OriginHead, type OriginRequest } from "./exchange.ts";
import { originFailure } from "./failures.ts";
import { Connection } from "./part-connection.ts";
import { isPlainField } from "./response-head.ts";

/** One read of the kernel at most. CPU of a cold download against a bare pipe: 64 KiB 0.54, 128 0.50, 256 0.45, 512 0.52. */
const RECEIVE_BYTES = 256 * KiB;
/** An origin that answered oddly once is asked by undici for so long. */
const RETIRED_MS = 60_000;

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
  #retiredUntilMs = Number.POSITIVE_INFINITY;

  constructor(options: PartClientOptions) {
    this.#options = options;
  }

  /** False until `learn` has seen a plain part, and for a while after an answer that it left to undici. */
  get serves(): boolean {
    return this.#options.clock.monotonicMs() >= this.#retiredUntilMs;
  }

  /** What the other client was answered: an origin that frames its parts plainly is asked by this one from then on. */
  learn({ status, fields }: OriginHead): void {
    if (this.#retiredUntilMs !== Number.POSITIVE_INFINITY || status !== 206) return;
    const isPlain = fieldValue(fields, "content-length") && !fieldValue(fields, "transfer-encoding");
    if (isPlain) this.#retiredUntilMs = 0;
  }

  /**
   * Sends a request and waits for its head; the number of calls at once is the caller's limit on connections.
   *
   * @returns undefined when the answer is none that it is sure of: ask by the other client
   * @throws ORIGIN_UNREACHABLE, ORIGIN_TIMEOUT, REQUEST_INVALID
   */
  async open(request: OriginRequest): Promise<Exchange | undefined> {
    // Its Content-Length is of a body that does not come.
    if (request.method === "HEAD") return undefined;
    const text = requestText(request);
    const { clock, origin } = this.#options;
    const requestedAt = clock.now();
    const startedMs = clock.monotonicMs();
    const what = `${request.method} ${origin.origin}${request.path.split("?", 1)[0]}`;
    const connection = this.#idle.pop() ?? this.#connect();
    try {
      const plain = await connection.ask(text, what);
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

const TARGET = /^[\x21-\xff]+$/;

/** Written as latin1, where a character beyond it would come out as another: a line break, say. */
function requestText({ method, path, fields }: OriginRequest): string {
  let valid = TARGET.test(path) && fields.length % 2 === 0;
  let text = `${method} ${path} HTTP/1.1\r\n`;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] as string;
    const value = fields[at + 1] as string;
    valid &&= isPlainField(name, value);
    text += `${name}: ${value}\r\n`;
  }
  if (valid) return `${text}Connection: keep-alive\r\n\r\n`;
  throw new MandolineError(
    "REQUEST_INVALID",
    "Writing a sub-request: expected one path and fields of a line each",
    {
      source: "client",
    },
  );
}

function closing(): MandolineError {
  return new MandolineError("CANCELLED", "Asking the origin: the proxy closes", { source: "self" });
}

/** Once settled it has no hand in its connection, which may serve another. */
class PartExchange extends Exchange {
  readonly #connection: Connection;
  #settled = false;
  #failure: MandolineError | undefined;
  #onSettled: (() => void) | undefined;

  constructor(head: Exchange["head"], connection: Connection) {
    super(head);
    this.#connection = connection;
    connection.onSettled((failure) => {
      this.#settled = true;
      this.#failure = failure;
      this.#onSettled?.();
    });
  }

  override onSettled(settled: () => void): void {
    if (this.#settled) settled();
    else this.#onSettled = settled;
  }

  override read(onChunk: (chunk: Buffer) => void): Promise<void> {
    if (!this.#settled) return this.#connection.read(onChunk);
    return this.#failure ? Promise.reject(this.#failure) : Promise.resolve();
  }

  override pause(): void {
    if (!this.#settled) this.#connection.pause();
  }

  override resume(): void {
    if (!this.#settled) this.#connection.resume();
  }

  override abort(reason: MandolineError): void {
    if (!this.#settled) this.#connection.destroy(reason);
  }

  /** The receive buffer is used again at once. */
  protected override keep(chunk: Buffer): Buffer {
    return Buffer.from(chunk);
  }
}
