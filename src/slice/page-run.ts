// Floor 2. A contiguous stretch of missing pages of one slice that is being filled: it belongs to nobody, any number
// of readers follow it. Also the shape of everything that a reader can wait for.

import { assert } from "../base/assert.ts";
import { MandolineError } from "../base/errors.ts";
import { Listeners } from "../base/listeners.ts";
import type { ByteRange } from "../http/byte-range.ts";
import type { Page } from "./page-pool.ts";
import type { SliceBuffer } from "./slice-buffer.ts";

/** Something that will bring bytes: a run, or a stream of the whole representation. */
export interface Supply {
  /** Why it will bring no more, once it won't. */
  readonly failure: MandolineError | undefined;
  /** One call when bytes came, or it ended. */
  readonly changed: Listeners;
  /** Its failure may be borne once by asking anew: its attempts were spent before anybody waited, or it has but one. */
  readonly isForgivable: boolean;
}

export class PageRun implements Supply {
  readonly slice: SliceBuffer;
  /** Half-open, in positions of the representation; starts at a page. */
  readonly range: ByteRange;
  readonly changed: Listeners = new Listeners();
  readonly isForgivable: boolean;
  /** First position not yet filled: a sub-request after a cut goes on from here. */
  watermark: number;
  failure: MandolineError | undefined;
  /** Readers that have it in their window. */
  interested = 0;
  /** A reader came to wait for it; until then it is lookahead. */
  awaited = false;
  placed = false;
  #cancel: (() => void) | undefined;

  /** @param isForgivable it begins as lookahead */
  constructor(slice: SliceBuffer, range: ByteRange, isForgivable: boolean = false) {
    assert(range.start < range.end, "a run is not empty", { range });
    this.slice = slice;
    this.range = range;
    this.watermark = range.start;
    this.isForgivable = isForgivable;
    slice.runs.push(this);
  }

  /** Takes over the pages reserved for it; until then nothing can be written. */
  place(pages: readonly Page[]): void {
    this.slice.place(this.range, pages);
    this.placed = true;
  }

  get done(): boolean {
    return this.watermark === this.range.end;
  }

  /** What to do when the last interested reader left a run that nobody ever waited for. */
  onCancel(cancel: () => void): void {
    this.#cancel = cancel;
  }

  /** A reader's window left it behind, or the reader went. */
  leave(): void {
    this.interested -= 1;
    if (this.interested === 0 && !this.awaited && !this.done) this.#cancel?.();
  }

  /** Bytes that follow the watermark, not beyond the run's end. */
  write(chunk: Buffer): void {
    assert(this.watermark + chunk.length <= this.range.end, "a run is not overfilled", { range: this.range });
    this.slice.write(this.watermark, chunk);
    this.watermark += chunk.length;
    this.changed.callAll();
  }

  /** Ends the run: leaves the slice with whole pages only. */
  finish(failure?: MandolineError): void {
    const at = this.slice.runs.indexOf(this);
    if (at === -1) return;
    this.slice.runs.splice(at, 1);
    if (!this.done) {
      this.failure =
        failure ??
        new MandolineError(
          "CANCELLED",
          `Filling bytes ${this.range.start}-${this.range.end - 1}: ended early`,
          {
            source: "self",
            facts: { watermark: this.watermark },
          },
        );
      this.slice.dropUnfilled(this.range);
    }
    this.changed.callAll();
  }
}
