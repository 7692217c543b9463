// Floor 2. Maps byte positions of a representation to fixed cells and back.
// Pure: knows no HTTP text and no store. Every `end` is exclusive.

import { assert } from "../base/assert.ts";
import { type SliceIndex, sliceIndex } from "../base/units.ts";
import type { ByteRange } from "../http/byte-range.ts";

/** Slices are aligned at multiples of `sliceBytes`; the last one ends with the representation. */
export interface SliceGrid {
  readonly sliceBytes: number;
  readonly completeLength: number;
}

/** Half-open in slice indices. */
export interface SliceSpan {
  readonly first: SliceIndex;
  readonly end: SliceIndex;
}

/** Number of slices; 0 for a representation without bytes. */
export function sliceCount(grid: SliceGrid): number {
  return Math.ceil(grid.completeLength / grid.sliceBytes);
}

/** The slice that holds a position. */
export function sliceAt(grid: SliceGrid, position: number): SliceIndex {
  return sliceIndex(Math.floor(position / grid.sliceBytes));
}

/**
 * Slices that a range touches, ascending.
 *
 * @param range half-open, not empty, inside the representation
 * @throws INVARIANT otherwise: the plan has already clamped what the client asked
 */
export function slicesOf(grid: SliceGrid, range: ByteRange): SliceSpan {
  assert(range.start < range.end, "the range is not empty", { range });
  assert(range.end <= grid.completeLength, "the range lies inside the representation", { range, grid });
  return {
    first: sliceAt(grid, range.start),
    end: sliceIndex(Math.ceil(range.end / grid.sliceBytes)),
  };
}

/**
 * Bytes of the representation that a slice holds; shorter than `sliceBytes` for the last one only.
 *
 * @throws INVARIANT when there is no such slice
 */
export function sliceRange(grid: SliceGrid, index: SliceIndex): ByteRange {
  const start = index * grid.sliceBytes;
  assert(start < grid.completeLength, "the slice lies inside the representation", { index, grid });
  return { start, end: Math.min(start + grid.sliceBytes, grid.completeLength) };
}

/** Widens a range to whole multiples of `unitBytes`, not beyond `limit`. */
export function alignOutward(range: ByteRange, unitBytes: number, limit: number): ByteRange {
  return {
    start: Math.floor(range.start / unitBytes) * unitBytes,
    end: Math.min(Math.ceil(range.end / unitBytes) * unitBytes, limit),
  };
}
