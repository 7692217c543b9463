// Floor 2. The one budget for slice bytes: pages carved from shared segments, counted by pins, handed out all or
// nothing. A page with a pin is never reused: its owner holds one, each write to a client's socket another.

import { assert } from "../base/assert.ts";
import { MandolineError } from "../base/errors.ts";
import { KiB, MiB } from "../base/units.ts";

/** Slices are filled and kept in pages of this size. 16 of them in one writev cost what one 1 MiB write does. */
export const PAGE_BYTES: number = 64 * KiB;

/** Segments grow the pool as it is first used; the last one is as small as the budget asks. */
const SEGMENT_BYTES = 32 * MiB;

/** Reservations that may wait for room at once: beyond, memory is not what is short. */
const WAITING_MAX = 1024;

export class Page {
  /** `PAGE_BYTES` of shared memory. */
  readonly bytes: Buffer;
  pins = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

/** Makes room by giving up the least recently used slice. @returns false when nothing can be given up */
export type Evict = () => boolean;

interface Waiting {
  readonly count: number;
  readonly grant: (pages: Page[]) => void;
}

export class PagePool {
  readonly pagesMax: number;
  readonly #free: Page[] = [];
  readonly #waiting: Waiting[] = [];
  #carved = 0;
  #serving = false;
  #writePins = 0;
  #evict: Evict = () => false;

  /** @param bytesMax the budget; whole pages of it are used */
  constructor(bytesMax: number) {
    this.pagesMax = Math.floor(bytesMax / PAGE_BYTES);
    assert(this.pagesMax > 0, "the memory budget holds at least one page", { bytesMax });
  }

  /** Pages that have an owner: in flight, cached, or still being written to a client. */
  get pagesInUse(): number {
    return this.#carved - this.#free.length;
  }

  /** Pins beyond the owners': writes to clients that are under way. */
  get writePins(): number {
    return this.#writePins;
  }

  /** The store that knows what can go; called until enough pages are free or it says no. */
  onPressure(evict: Evict): void {
    this.#evict = evict;
  }

  /** All pages of a run at once, each with its owner's pin, or none: what waits keeps its turn. */
  tryReserve(count: number): Page[] | undefined {
    if (this.#waiting.length > 0) return undefined;
    return this.#take(count);
  }

  /**
   * Like `tryReserve`, but waits its turn, in order of asking.
   *
   * @throws OVERLOADED when nothing came free within `waitMsMax`, or too many wait already
   */
  async reserve(count: number, waitMsMax: number): Promise<Page[]> {
    const pages = this.tryReserve(count);
    if (pages) return pages;
    const facts = { pages: count, pagesMax: this.pagesMax, waiting: this.#waiting.length };
    if (this.#waiting.length >= WAITING_MAX || count > this.pagesMax) {
      throw overloaded(`at most ${WAITING_MAX} waiting and ${this.pagesMax} pages in all`, facts);
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        count,
        grant: (granted) => {
          clearTimeout(timer);
          resolve(granted);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(overloaded(`room within ${waitMsMax} ms`, facts));
        this.#serveWaiting();
      }, waitMsMax);
      this.#waiting.push(waiting);
    });
  }

  pin(page: Page): void {
    assert(page.pins > 0, "a page that is pinned has an owner");
    page.pins += 1;
    this.#writePins += 1;
  }

  unpin(page: Page): void {
    assert(page.pins > 0, "a page that is unpinned was pinned");
    page.pins -= 1;
    if (page.pins > 0) {
      this.#writePins -= 1;
      return;
    }
    this.#free.push(page);
    if (this.#waiting.length > 0) this.#serveWaiting();
  }

  /**
   * For the store: something became evictable, so those who wait may have their turn. Not at once: first its readers,
   * who have just been woken, take what they came for.
   */
  retryWaiting(): void {
    if (this.#waiting.length > 0) setImmediate(() => this.#serveWaiting());
  }

  // Making room unpins pages, which comes back here: the flag keeps one grant from being given twice.
  #serveWaiting(): void {
    if (this.#serving) return;
    this.#serving = true;
    while (this.#waiting.length > 0) {
      const next = this.#waiting[0] as Waiting;
      const pages = this.#take(next.count);
      if (!pages) break;
      this.#waiting.shift();
      next.grant(pages);
    }
    this.#serving = false;
  }

  #take(count: number): Page[] | undefined {
    while (this.#free.length + (this.pagesMax - this.#carved) < count) {
      if (!this.#evict()) return undefined;
    }
    while (this.#free.length < count) this.#carve();
    const pages = this.#free.splice(this.#free.length - count, count);
    for (const page of pages) page.pins = 1;
    return pages;
  }

  #carve(): void {
    const pageCount = Math.min(SEGMENT_BYTES / PAGE_BYTES, this.pagesMax - this.#carved);
    const segment = Buffer.from(new SharedArrayBuffer(pageCount * PAGE_BYTES));
    for (let at = 0; at < pageCount; at += 1) {
      this.#free.push(new Page(segment.subarray(at * PAGE_BYTES, (at + 1) * PAGE_BYTES)));
    }
    this.#carved += pageCount;
  }
}

function overloaded(expected: string, facts: Readonly<Record<string, unknown>>): MandolineError {
  return new MandolineError("OVERLOADED", `Reserving pages for a slice: expected ${expected}, got none`, {
    source: "self",
    facts,
  });
}
