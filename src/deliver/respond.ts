// Floor 5. Sends a planned response: its head with the first bytes, then pages as the client takes them. Back-pressure
// is the loop itself: nothing more is asked for while a write is under way.

import type { Clock } from "../base/clock.ts";
import { KiB } from "../base/units.ts";
import type { FieldLines } from "../http/fields.ts";
import type { PagePool } from "../slice/page-pool.ts";
import type { Assembler } from "./assemble.ts";
import type { ResponseSink } from "./response-sink.ts";

/** Pages in one writev while the client keeps up: 1 MiB. */
const WRITE_PAGES_MAX = 16;
/** A write that took longer was to a client that stalls. */
const STALL_MS = 250;
/** What a stalling client gets at a time: a copy, so that it pins no page. */
const STALLED_COPY_BYTES = 8 * KiB;
/** Accepted beyond the head, a client is really downloading: players ask `bytes=0-` and hang up. */
const LOOKAHEAD_AFTER_BYTES = 128 * KiB;

export interface Delivery {
  readonly sink: ResponseSink;
  readonly assembler: Assembler;
  readonly pool: PagePool;
  readonly clock: Clock;
  /** Slices that may be under way for this client now, with the one it takes. */
  readonly width: () => number;
  /** The whole body is so short that the client surely wants all of it. */
  readonly eager: boolean;
  readonly onFirstByte: () => void;
  /** The position moved. */
  readonly onProgress: () => void;
}

/**
 * Waits for the first bytes before it sends the head: until then a failure can still become a status.
 *
 * @returns false when the client went away
 * @throws why the bytes will not come; `sink.headSent` tells whether a status can still be sent
 */
export async function sendBody(delivery: Delivery, status: number, fields: FieldLines): Promise<boolean> {
  const { sink, assembler, clock } = delivery;
  let pages = 1;
  let lastWriteMs = 0;
  let open = delivery.eager;
  while (!assembler.done) {
    if (open) assembler.lookAhead(delivery.width());
    if (!(await assembler.ready())) return false;
    if (!sink.headSent) {
      sink.head(status, fields);
      delivery.onFirstByte();
    }
    const startedMs = clock.monotonicMs();
    const atOnce = lastWriteMs > STALL_MS ? await writeCopy(delivery) : await writePages(delivery, pages);
    if (sink.closed) return false;
    delivery.onProgress();
    lastWriteMs = clock.monotonicMs() - startedMs;
    pages = atOnce ? Math.min(2 * pages, WRITE_PAGES_MAX) : 1;
    open ||= sink.bytes >= LOOKAHEAD_AFTER_BYTES;
  }
  sink.end();
  return true;
}

async function writePages({ sink, assembler, pool }: Delivery, pagesMax: number): Promise<boolean> {
  const taken = assembler.take(pagesMax, ({ page }) => pool.pin(page));
  // Evicted between being ready and being taken: it is waited for again.
  if (taken.length === 0) return false;
  try {
    return await sink.write(taken.map(({ bytes }) => bytes));
  } finally {
    for (const { page } of taken) pool.unpin(page);
  }
}

async function writeCopy({ sink, assembler }: Delivery): Promise<boolean> {
  const copies: Buffer[] = [];
  assembler.take(1, ({ bytes }) => copies.push(Buffer.from(bytes)), STALLED_COPY_BYTES);
  return copies.length > 0 && sink.write(copies);
}
