// A slice source without an origin, for the assembler: its runs are filled, cut and evicted by the test.

import type { SliceIndex } from "../../src/base/units.ts";
import type { SliceSource } from "../../src/deliver/assemble.ts";
import type { ByteRange } from "../../src/http/byte-range.ts";
import { PAGE_BYTES, PagePool } from "../../src/slice/page-pool.ts";
import { PageRun, type Supply } from "../../src/slice/page-run.ts";
import type { Representation } from "../../src/slice/representation.ts";
import { SliceBuffer } from "../../src/slice/slice-buffer.ts";
import { sliceAt } from "../../src/slice/slice-grid.ts";
import { bytesOf } from "./made-up.ts";

export class FakeSource implements SliceSource {
  readonly representation: Representation;
  readonly pool: PagePool = new PagePool(64 * PAGE_BYTES);
  readonly slices: Map<SliceIndex, SliceBuffer> = new Map();
  readonly running: PageRun[] = [];
  readonly covered: Set<SliceIndex> = new Set();

  constructor(representation: Representation) {
    this.representation = representation;
  }

  slice(index: SliceIndex): SliceBuffer | undefined {
    return this.slices.get(index);
  }

  cover(range: ByteRange): PageRun[] {
    const index = sliceAt(this.representation, range.start);
    const slice = this.slices.get(index) ?? new SliceBuffer(this.pool, this.representation, index);
    this.slices.set(index, slice);
    this.covered.add(index);
    const runs = slice.runs.filter((run) => run.range.start < range.end && range.start < run.range.end);
    for (const missing of slice.missing(range)) {
      const run = new PageRun(slice, missing);
      run.place(this.pool.tryReserve(Math.ceil((missing.end - missing.start) / PAGE_BYTES)) ?? []);
      this.running.push(run);
      runs.push(run);
    }
    return runs;
  }

  supplyAt(position: number, end: number): Supply | undefined {
    const running = () => this.slice(sliceAt(this.representation, position))?.runAt(position);
    if (running() === undefined) this.cover({ start: position, end });
    return running();
  }

  passed(): void {
    // Slices stay until they are evicted, as shared ones do.
  }

  rangesFailed(): void {
    throw new Error("expected ranges to work");
  }

  /** The next bytes of a run. */
  feed(run: PageRun, bytes: number): void {
    const end = Math.min(run.watermark + bytes, run.range.end);
    run.write(bytesOf(this.representation, { start: run.watermark, end }));
    if (run.done) this.end(run);
  }

  /** Whole pages stay, the rest is given back. */
  end(run: PageRun): void {
    this.running.splice(this.running.indexOf(run), 1);
    run.finish();
  }

  evict(pick: number): void {
    const idle = [...this.slices].filter(([, slice]) => slice.runs.length === 0);
    const [index, slice] = idle[pick % Math.max(1, idle.length)] ?? [];
    if (index === undefined || !slice) return;
    this.slices.delete(index);
    slice.release();
  }
}
