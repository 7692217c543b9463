// Floor 4. The slices of one representation while somebody reads or fills them: where a reader finds a slice, and who
// brings what is missing. Shared ones live in the store; private ones for one request only, and go with it.

import { sliceMet } from "../base/channels.ts";
import type { SliceIndex } from "../base/units.ts";
import type { ByteRange } from "../http/byte-range.ts";
import type { FieldLines } from "../http/fields.ts";
import type { Exchange } from "../origin/exchange.ts";
import type { Priority } from "../origin/limit.ts";
import { PageRun, type Supply } from "../slice/page-run.ts";
import type { Representation } from "../slice/representation.ts";
import { SliceBuffer } from "../slice/slice-buffer.ts";
import { sliceAt } from "../slice/slice-grid.ts";
import type { Filler } from "./fill.ts";
import { Lane } from "./lane.ts";

/** Someone who takes bytes in order; the lanes go no farther ahead of the foremost than its window. */
export interface Reader {
  readonly position: number;
  readonly windowBytes: number;
}

/** How this client's sub-requests are asked. */
export interface Asking {
  readonly target: string;
  readonly fields: FieldLines;
}

export interface SpaceOptions {
  readonly representation: Representation;
  readonly filler: Filler;
  /** False: nothing outlives the request. */
  readonly shared: boolean;
  readonly rangesWork: boolean;
  readonly lifetimeMs: number;
  /** Nobody reads and nothing is under way any more. */
  readonly onIdle: () => void;
  /** The origin answered a range with the whole. */
  readonly onRangesFail: () => void;
}

export class Space {
  readonly representation: Representation;
  readonly shared: boolean;
  readonly lifetimeMs: number;
  readonly #filler: Filler;
  readonly #private: Map<SliceIndex, SliceBuffer> = new Map();
  readonly #readers: Set<Reader> = new Set();
  readonly #lanes: Set<Lane> = new Set();
  readonly #options: SpaceOptions;
  #rangesWork: boolean;
  #holds = 0;

  constructor(options: SpaceOptions) {
    this.#options = options;
    this.representation = options.representation;
    this.shared = options.shared;
    this.lifetimeMs = options.lifetimeMs;
    this.#filler = options.filler;
    this.#rangesWork = options.rangesWork;
  }

  get rangesWork(): boolean {
    return this.#rangesWork;
  }

  get readerCount(): number {
    return this.#readers.size;
  }

  /** Keeps it, and a private one's slices, for a request that has it but does not read yet. */
  hold(): this {
    this.#holds += 1;
    return this;
  }

  /** The request that held it has ended. */
  release(): void {
    this.#holds -= 1;
    this.#endIfUnused();
  }

  join(reader: Reader): void {
    this.#readers.add(reader);
  }

  leave(reader: Reader): void {
    this.#readers.delete(reader);
    this.advanced();
  }

  /** A reader moved on: a lane that waited for it may go on. */
  advanced(): void {
    for (const lane of this.#lanes) lane.pace();
  }

  /** How far the foremost reader's window reaches; undefined when nobody reads. */
  wantedUntil(): number | undefined {
    let until: number | undefined;
    for (const { position, windowBytes } of this.#readers) {
      until = Math.max(until ?? 0, position + windowBytes);
    }
    return until;
  }

  /** The slice if any of it is in memory. */
  slice(index: SliceIndex): SliceBuffer | undefined {
    return this.shared
      ? this.#filler.store.near.getSlice(this.representation, index)
      : this.#private.get(index);
  }

  openSlice(index: SliceIndex): SliceBuffer {
    if (this.shared) return this.#filler.store.near.openSlice(this.representation, index);
    const slice = this.#private.get(index) ?? new SliceBuffer(this.#filler.pool, this.representation, index);
    this.#private.set(index, slice);
    return slice;
  }

  /** A run of the slice ended. */
  settleSlice(slice: SliceBuffer): void {
    if (this.shared) this.#filler.store.near.settleSlice(slice);
    else if (this.#holds === 0) this.#dropPrivate();
    else if (this.#isBehind(slice)) this.passed(slice.index);
  }

  /** A reader is past it: a private slice has served. */
  passed(index: SliceIndex): void {
    const slice = this.#private.get(index);
    if (!slice || slice.runs.length > 0) return;
    this.#private.delete(index);
    slice.release();
  }

  /**
   * Runs that bring what is missing of a range inside one slice: those under way, and new ones for the rest. None
   * when nothing is missing, or when a lane brings it.
   */
  cover(range: ByteRange, priority: Priority, asking: Asking): PageRun[] {
    const index = sliceAt(this.representation, range.start);
    const present = this.slice(index);
    const bytes = range.end - range.start;
    if (present?.has(range)) {
      sliceMet.publish({ outcome: "memory", bytes });
      return [];
    }
    const slice = this.openSlice(index);
    const runs = slice.runs.filter((run) => run.range.start < range.end && range.start < run.range.end);
    if (runs.some((run) => run.interested > 0)) sliceMet.publish({ outcome: "collapsed", bytes });
    if (this.#rangesWork) {
      for (const missing of slice.missing(range)) runs.push(this.#startRun(slice, missing, priority, asking));
    }
    this.settleSlice(slice);
    return runs;
  }

  /** What will bring a position that is missing now: a run or a lane, started if there is none. */
  supplyAt(position: number, end: number, asking: Asking): Supply | undefined {
    const index = sliceAt(this.representation, position);
    const running = this.slice(index)?.runAt(position);
    if (running) return awaited(running);
    if (!this.#rangesWork) {
      for (const lane of this.#lanes) if (lane.position <= position) return lane;
      return this.startLane(asking, undefined);
    }
    for (const run of this.cover({ start: position, end }, "awaited", asking)) awaited(run);
    return this.slice(index)?.runAt(position);
  }

  /** A stream of the whole representation: one that is here, or a new one. */
  startLane(asking: Asking, exchange: Exchange | undefined): Lane {
    const lane = new Lane({ space: this, filler: this.#filler, asking, exchange });
    this.#lanes.add(lane);
    lane.ended.once(() => {
      this.#lanes.delete(lane);
      this.#endIfUnused();
    });
    return lane;
  }

  /** The probe's answer becomes the run for the range it brings. */
  adopt(part: ByteRange, asking: Asking, exchange: Exchange): void {
    const slice = this.openSlice(sliceAt(this.representation, part.start));
    const [missing] = slice.missing(part);
    if (missing?.start === part.start && missing.end === part.end) {
      const run = this.#startRun(slice, missing, "awaited", asking, exchange);
      run.awaited = true;
    } else {
      exchange.discard();
    }
    this.settleSlice(slice);
  }

  /** From now on, whole streams only. */
  rangesFailed(): void {
    this.#rangesWork = false;
    this.#options.onRangesFail();
  }

  #startRun(
    slice: SliceBuffer,
    range: ByteRange,
    priority: Priority,
    asking: Asking,
    first?: Exchange,
  ): PageRun {
    const run = new PageRun(slice, range, priority === "lookahead");
    run.awaited = priority === "awaited";
    void this.#filler.start({ space: this, run, asking, first }).finally(() => {
      this.settleSlice(slice);
      this.#endIfUnused();
    });
    return run;
  }

  #isBehind({ range }: SliceBuffer): boolean {
    const readers = [...this.#readers];
    return readers.length > 0 && readers.every(({ position }) => position >= range.end);
  }

  #dropPrivate(): void {
    for (const index of this.#private.keys()) this.passed(index);
  }

  #endIfUnused(): void {
    if (this.#holds > 0) return;
    this.#dropPrivate();
    if (this.#lanes.size === 0) this.#options.onIdle();
  }
}

function awaited(run: PageRun): PageRun {
  run.awaited = true;
  return run;
}
