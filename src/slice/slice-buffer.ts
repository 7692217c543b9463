// Floor 2. One slice in memory: its pages, how far each is filled, and the runs that are filling it. Readers follow a
// run by its watermark while it arrives; a page once filled never changes.

import { assert } from "../base/assert.ts";
import type { SliceIndex } from "../base/units.ts";
import type { ByteRange } from "../http/byte-range.ts";
import { PAGE_BYTES, type Page, type PagePool } from "./page-pool.ts";
import type { PageRun } from "./page-run.ts";
import type { Representation } from "./representation.ts";
import { alignOutward, sliceRange } from "./slice-grid.ts";

/** Bytes of one page that can be read now: `bytes` is a view, valid while the page is pinned. */
export interface Readable {
  readonly page: Page;
  readonly bytes: Buffer;
}

export class SliceBuffer {
  readonly representation: Representation;
  readonly index: SliceIndex;
  /** Half-open, in positions of the representation. */
  readonly range: ByteRange;
  /** In flight now; each covers pages that no other one covers. */
  readonly runs: PageRun[] = [];
  readonly #pool: PagePool;
  readonly #pages: (Page | undefined)[];
  readonly #filledBytes: Uint32Array;
  #pagesHeld = 0;
  #bytesMissing: number;
  #released = false;

  constructor(pool: PagePool, representation: Representation, index: SliceIndex) {
    this.representation = representation;
    this.index = index;
    this.range = sliceRange(representation, index);
    const pageCount = Math.ceil((this.range.end - this.range.start) / PAGE_BYTES);
    this.#pool = pool;
    this.#pages = new Array(pageCount).fill(undefined);
    this.#filledBytes = new Uint32Array(pageCount);
    this.#bytesMissing = this.range.end - this.range.start;
  }

  get complete(): boolean {
    return this.#bytesMissing === 0;
  }

  /** Bytes of memory it holds: whole pages. */
  get heldBytes(): number {
    return this.#pagesHeld * PAGE_BYTES;
  }

  /** Its pages are gone: whoever still holds it looks the slice up again. */
  get released(): boolean {
    return this.#released;
  }

  get empty(): boolean {
    return this.#pagesHeld === 0;
  }

  /** What can be read at a position, up to the end of its page or the watermark; undefined when nothing can. */
  readableAt(position: number, end: number): Readable | undefined {
    const offset = position - this.range.start;
    const at = Math.floor(offset / PAGE_BYTES);
    const from = offset - at * PAGE_BYTES;
    const filled = this.#filledBytes[at] as number;
    if (filled <= from) return undefined;
    const page = this.#pages[at] as Page;
    const to = Math.min(filled, from + (end - position));
    return { page, bytes: page.bytes.subarray(from, to) };
  }

  /** Whether every byte of a range inside this slice is filled. */
  has(range: ByteRange): boolean {
    if (this.complete) return true;
    for (let position = range.start; position < range.end; ) {
      const readable = this.readableAt(position, range.end);
      if (!readable) return false;
      position += readable.bytes.length;
    }
    return true;
  }

  /** The run in flight that will bring a position. */
  runAt(position: number): PageRun | undefined {
    return this.runs.find((run) => run.range.start <= position && position < run.range.end);
  }

  /** Contiguous stretches of whole pages, inside `range` widened to pages, that nobody has or is fetching; ascending. */
  missing(range: ByteRange): ByteRange[] {
    const stretches: ByteRange[] = [];
    if (this.complete) return stretches;
    const { start: origin } = this.range;
    const within = alignOutward(
      { start: range.start - origin, end: range.end - origin },
      PAGE_BYTES,
      this.range.end - origin,
    );
    for (let start = within.start; start < within.end; start += PAGE_BYTES) {
      const end = Math.min(start + PAGE_BYTES, within.end);
      if (this.#pages[start / PAGE_BYTES] || this.runAt(origin + start)) continue;
      const last = stretches.at(-1);
      if (last && last.end === origin + start)
        stretches[stretches.length - 1] = { ...last, end: origin + end };
      else stretches.push({ start: origin + start, end: origin + end });
    }
    return stretches;
  }

  /** Gives the pages for a run, reserved whole; the slice owns them from here on. */
  place(range: ByteRange, pages: readonly Page[]): void {
    assert(!this.#released, "pages go into a slice that is still kept", { index: this.index });
    let at = Math.floor((range.start - this.range.start) / PAGE_BYTES);
    for (const page of pages) {
      assert(this.#pages[at] === undefined, "no page is placed twice", { at });
      this.#pages[at] = page;
      this.#pagesHeld += 1;
      at += 1;
    }
  }

  /** Copies bytes in at a position, which must be where its page's filling stands. */
  write(position: number, chunk: Buffer): void {
    let from = 0;
    while (from < chunk.length) {
      const offset = position + from - this.range.start;
      const at = Math.floor(offset / PAGE_BYTES);
      const within = offset - at * PAGE_BYTES;
      const page = this.#pages[at];
      assert(page !== undefined && this.#filledBytes[at] === within, "bytes arrive in order", {
        position,
        at,
      });
      const count = Math.min(chunk.length - from, PAGE_BYTES - within);
      chunk.copy(page.bytes, within, from, from + count);
      this.#filledBytes[at] = within + count;
      this.#bytesMissing -= count;
      from += count;
    }
  }

  /** Takes back the pages of a range that were not filled to their end: what a run that failed leaves. */
  dropUnfilled(range: ByteRange): void {
    for (let start = range.start; start < range.end; start += PAGE_BYTES) {
      const at = (start - this.range.start) / PAGE_BYTES;
      const page = this.#pages[at];
      const wantedBytes = Math.min(PAGE_BYTES, this.range.end - start);
      const filled = this.#filledBytes[at] as number;
      if (!page || filled === wantedBytes) continue;
      this.#pages[at] = undefined;
      this.#filledBytes[at] = 0;
      this.#bytesMissing += filled;
      this.#pagesHeld -= 1;
      this.#pool.unpin(page);
    }
  }

  /** Gives all pages back; those in a write to a client stay until it is through. */
  release(): void {
    this.#released = true;
    for (const [at, page] of this.#pages.entries()) {
      if (!page) continue;
      this.#pages[at] = undefined;
      this.#pool.unpin(page);
    }
    this.#filledBytes.fill(0);
    this.#pagesHeld = 0;
    this.#bytesMissing = this.range.end - this.range.start;
  }

  /** Views of all bytes in order, for the far store; only of a complete slice. */
  bytes(): Buffer[] {
    assert(this.complete, "only a complete slice is copied out", { index: this.index });
    const views: Buffer[] = [];
    for (let position = this.range.start; position < this.range.end; ) {
      const { bytes } = this.readableAt(position, this.range.end) as Readable;
      views.push(bytes);
      position += bytes.length;
    }
    return views;
  }
}
