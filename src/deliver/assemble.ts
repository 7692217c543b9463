// Floor 5. Yields the bytes of a range only in order, whatever order they arrive in. Its window is an ordered map of
// slice index to the runs that it waits for there, bounded by the lookahead; bytes stay in the slices until taken.

import type { MandolineError } from "../base/errors.ts";
import { type SliceIndex, sliceIndex } from "../base/units.ts";
import type { ByteRange } from "../http/byte-range.ts";
import type { Priority } from "../origin/limit.ts";
import type { PageRun, Supply } from "../slice/page-run.ts";
import type { Representation } from "../slice/representation.ts";
import type { Readable, SliceBuffer } from "../slice/slice-buffer.ts";
import { type SliceSpan, sliceAt, sliceRange, slicesOf } from "../slice/slice-grid.ts";

/** Where slices are, and who brings them: `cache/space` with one client's way of asking. */
export interface SliceSource {
  readonly representation: Representation;
  slice(index: SliceIndex): SliceBuffer | undefined;
  cover(range: ByteRange, priority: Priority): PageRun[];
  supplyAt(position: number, end: number): Supply | undefined;
  /** The reader is past this slice. */
  passed(index: SliceIndex): void;
  /** The origin answers ranges with the whole. */
  rangesFailed(): void;
}

export class Assembler {
  /** Next byte to take. */
  position: number;
  readonly #source: SliceSource;
  readonly #range: ByteRange;
  readonly #span: SliceSpan;
  readonly #window: Map<SliceIndex, PageRun[]> = new Map();
  #wake: (() => void) | undefined;
  #closed = false;
  /** Where a failure was last forgiven. */
  #forgivenAt: number | undefined;

  /** @param range half-open, not empty, inside the representation */
  constructor(source: SliceSource, range: ByteRange) {
    this.#source = source;
    this.#range = range;
    this.#span = slicesOf(source.representation, range);
    this.position = range.start;
  }

  get done(): boolean {
    return this.position === this.#range.end;
  }

  /**
   * Bytes that can be taken now, in order: at most `pagesMax` pages and `bytesMax` bytes of them.
   *
   * @param onTaken called for each while its page is surely there: pin it, or copy
   */
  take(
    pagesMax: number,
    onTaken: (readable: Readable) => void,
    bytesMax: number = Number.MAX_SAFE_INTEGER,
  ): Readable[] {
    const taken: Readable[] = [];
    const end = Math.min(this.#range.end, this.position + bytesMax);
    while (taken.length < pagesMax && this.position < end) {
      const index = this.#enter();
      const readable = this.#source.slice(index)?.readableAt(this.position, end);
      if (!readable) break;
      onTaken(readable);
      taken.push(readable);
      this.position += readable.bytes.length;
      if (this.done || sliceAt(this.#source.representation, this.position) !== index) this.#pass(index);
    }
    return taken;
  }

  /**
   * Waits until there is something to take.
   *
   * @returns false when it was closed meanwhile
   * @throws why the bytes will not come
   */
  async ready(): Promise<boolean> {
    for (;;) {
      if (this.#closed) return false;
      const index = this.#enter();
      if (this.#source.slice(index)?.readableAt(this.position, this.#range.end)) return true;
      const end = Math.min(sliceRange(this.#source.representation, index).end, this.#range.end);
      const supply = this.#source.supplyAt(this.position, end);
      if (!supply) continue;
      await this.#changeOf(supply);
      if (supply.failure && !this.#source.slice(index)?.readableAt(this.position, this.#range.end)) {
        this.#bear(supply, supply.failure);
      }
    }
  }

  /** Has the next slices fetched beside the one that is being taken: at most `width` with it. */
  lookAhead(width: number): void {
    const current = sliceAt(this.#source.representation, this.position);
    const end = Math.min(current + width, this.#span.end);
    for (let ahead = current + 1; ahead < end; ahead += 1) {
      const index = sliceIndex(ahead);
      if (!this.#window.has(index)) this.#await(index, "lookahead");
    }
  }

  /** The taker has gone: nothing is waited for any more. */
  close(): void {
    this.#closed = true;
    for (const index of [...this.#window.keys()]) this.#pass(index);
    this.#wake?.();
  }

  /** The slice at the position, in the window from here on. */
  #enter(): SliceIndex {
    const index = sliceAt(this.#source.representation, this.position);
    if (!this.#window.has(index)) this.#await(index, "awaited");
    return index;
  }

  #await(index: SliceIndex, priority: Priority): void {
    const cell = sliceRange(this.#source.representation, index);
    const start = Math.max(cell.start, this.position);
    const runs = this.#source.cover({ start, end: Math.min(cell.end, this.#range.end) }, priority);
    for (const run of runs) run.interested += 1;
    this.#window.set(index, runs);
  }

  #pass(index: SliceIndex): void {
    const runs = this.#window.get(index) ?? [];
    this.#window.delete(index);
    for (const run of runs) run.leave();
    this.#source.passed(index);
  }

  /**
   * A failure that asking again may mend is forgiven once at a position: most were met by lookahead, whose retries were
   * spent before anybody waited.
   */
  #bear(supply: Supply, failure: MandolineError): void {
    if (failure.code === "CANCELLED") return;
    if (failure.facts.ignored === true) {
      this.#source.rangesFailed();
      return;
    }
    const mayAskAnew = supply.isForgivable && failure.advice.retry && this.#forgivenAt !== this.position;
    if (!mayAskAnew) throw failure;
    this.#forgivenAt = this.position;
  }

  #changeOf(supply: Supply): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#wake = undefined;
        supply.changed.remove(wake);
        resolve();
      };
      this.#wake = wake;
      supply.changed.once(wake);
    });
  }
}
