import t from "tap";
import { sliceIndex } from "../../src/base/units.ts";
import { alignOutward, sliceAt, sliceCount, sliceRange, slicesOf } from "../../src/slice/slice-grid.ts";

const grid = { sliceBytes: 10, completeLength: 25 };

t.test("sliceCount() counts the last short slice, and none of a representation without bytes", async (t) => {
  const rows: readonly [completeLength: number, count: number][] = [
    [0, 0],
    [1, 1],
    [9, 1],
    [10, 1],
    [11, 2],
    [25, 3],
    [Number.MAX_SAFE_INTEGER, 900719925474100],
  ];
  for (const [completeLength, count] of rows) {
    t.equal(sliceCount({ sliceBytes: 10, completeLength }), count, `${completeLength} bytes`);
  }
});

t.test("sliceAt() changes at multiples of the slice size", async (t) => {
  const rows: readonly [position: number, index: number][] = [
    [0, 0],
    [9, 0],
    [10, 1],
    [19, 1],
    [20, 2],
    [24, 2],
  ];
  for (const [position, index] of rows) t.equal(sliceAt(grid, position), index, `position ${position}`);
});

t.test("slicesOf() gives a half-open span, exact at both edges of a slice", async (t) => {
  const rows: readonly [start: number, end: number, first: number, spanEnd: number][] = [
    [0, 1, 0, 1],
    [0, 10, 0, 1],
    [0, 11, 0, 2],
    [9, 11, 0, 2],
    [10, 20, 1, 2],
    [0, 25, 0, 3],
    [24, 25, 2, 3],
  ];
  for (const [start, end, first, spanEnd] of rows) {
    t.strictSame(slicesOf(grid, { start, end }), { first, end: spanEnd }, `[${start}, ${end})`);
  }
});

t.test("slicesOf() throws INVARIANT for an empty range and for one past the end", async (t) => {
  t.throws(() => slicesOf(grid, { start: 5, end: 5 }), { code: "INVARIANT" });
  t.throws(() => slicesOf(grid, { start: 24, end: 26 }), { code: "INVARIANT" });
});

t.test("sliceRange() is short for the last slice only, and INVARIANT past it", async (t) => {
  t.strictSame(sliceRange(grid, sliceIndex(0)), { start: 0, end: 10 });
  t.strictSame(sliceRange(grid, sliceIndex(2)), { start: 20, end: 25 });
  t.strictSame(sliceRange({ sliceBytes: 10, completeLength: 20 }, sliceIndex(1)), { start: 10, end: 20 });
  t.throws(() => sliceRange(grid, sliceIndex(3)), { code: "INVARIANT" });
  t.throws(() => sliceRange({ sliceBytes: 10, completeLength: 0 }, sliceIndex(0)), { code: "INVARIANT" });
});

t.test("alignOutward() widens to whole units and stops at the limit", async (t) => {
  const rows: readonly [start: number, end: number, limit: number, from: number, to: number][] = [
    [0, 10, 25, 0, 10],
    [1, 10, 25, 0, 10],
    [9, 11, 25, 0, 20],
    [20, 21, 25, 20, 25],
    [0, 25, 25, 0, 25],
  ];
  for (const [start, end, limit, from, to] of rows) {
    t.strictSame(alignOutward({ start, end }, 10, limit), { start: from, end: to }, `[${start}, ${end})`);
  }
});
