// Floor 7. Writes the body of a made-up representation at the rate of a slow line, or as fast as it goes.

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { pieceAt } from "./known-bytes.ts";
import { tileBytes } from "./tiles.ts";

export interface Body {
  readonly name: string;
  /** Half-open range of the representation. */
  readonly start: number;
  readonly end: number;
}

/** A line that carries so many bytes a second on every connection; idle time gives no credit. */
export class PacedLine {
  readonly #bytesPerMs: number;
  /** When the line has carried everything that was handed to it, by connection, in monotonic milliseconds. */
  readonly #freeAtMs = new WeakMap<Socket, number>();

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** 8 ms of the line: smooth at 30 ms of latency, and 8 lines together are 1000 timers a second. Unlimited: 1 MiB. */
  get burstBytes(): number {
    return Math.min(16 * tileBytes, Math.max(1, Math.floor(this.#bytesPerMs * 8)));
  }

  /** Resolves when the line is free for the next burst, which then counts as handed to it. */
  async take(socket: Socket, bytes: number): Promise<void> {
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) return;
    const freeAtMs = this.#freeAtMs.get(socket) ?? 0;
    const waitMs = freeAtMs - performance.now();
    // A timer may fire up to 1 ms late: the sum is kept by freeAtMs, so that lateness doesn't add up.
    if (waitMs > 0) await delay(waitMs);
    const from = waitMs > -20 ? freeAtMs : performance.now();
    this.#freeAtMs.set(socket, from + bytes / this.#bytesPerMs);
  }
}

/**
 * Writes a body; the caller ends the response.
 *
 * @param sent is told of bytes as they are handed over
 * @returns whether the client was there until the end
 */
export async function writeBody(
  response: ServerResponse,
  body: Body,
  line: PacedLine,
  sent: (bytes: number) => void,
): Promise<boolean> {
  const socket = response.socket;
  if (!socket) return false;
  for (let position = body.start; position < body.end; ) {
    const end = Math.min(body.end, position + line.burstBytes);
    await line.take(socket, end - position);
    if (response.destroyed) return false;
    sent(end - position);
    let ready = true;
    response.cork();
    while (position < end) {
      const piece = pieceAt(body.name, position, end);
      ready = response.write(piece);
      position += piece.length;
    }
    response.uncork();
    if (!ready && position < body.end) await drained(response);
  }
  return !response.destroyed;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}
