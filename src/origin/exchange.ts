// Floor 3b. One request to an origin and its answer, from the head on: the contract that every client of an origin keeps.

import { MandolineError } from "../base/errors.ts";
import type { EpochMs } from "../base/units.ts";
import type { FieldLines } from "../http/fields.ts";

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

/** Bytes of an unwanted body read to keep the connection; beyond it, a new connection is cheaper. */
const DISCARD_BYTES_MAX = 64 * 1024;

/** The body waits, paused, until it is read; it must be read, discarded, or aborted. */
export abstract class Exchange {
  readonly head: OriginHead;

  constructor(head: OriginHead) {
    this.head = head;
  }

  /** Called once, when nothing of it is under way any more. */
  abstract onSettled(settled: () => void): void;

  /**
   * Hands over the body chunk by chunk, as it arrives; a chunk is the reader's only during the call. What the reader
   * throws aborts the exchange and is what `read` rejects with.
   *
   * @throws ORIGIN_BODY_SHORT, ORIGIN_TIMEOUT
   */
  abstract read(onChunk: (chunk: Buffer) => void): Promise<void>;

  /** Back-pressure: the origin stops being read, its socket fills. */
  abstract pause(): void;
  abstract resume(): void;
  abstract abort(reason: MandolineError): void;

  /** The same for a reader that may have to wait: nothing more is received while it holds a chunk. */
  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    const arrived: Buffer[] = [];
    let wake: (() => void) | undefined;
    let ended = false;
    const through = this.read((chunk) => {
      arrived.push(this.keep(chunk));
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

  /** A chunk that may be held after the call that handed it over. */
  protected keep(chunk: Buffer): Buffer {
    return chunk;
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
