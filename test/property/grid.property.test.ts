// What holds of the grid for every length and slice size, and of a slice for every set of filled pages.

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { sliceIndex } from "../../src/base/units.ts";
import { PAGE_BYTES, PagePool } from "../../src/slice/page-pool.ts";
import { SliceBuffer } from "../../src/slice/slice-buffer.ts";
import { alignOutward, sliceAt, sliceCount, sliceRange, slicesOf } from "../../src/slice/slice-grid.ts";
import { fillSlice, representationOf } from "../support/made-up.ts";

const grid = fc.record({
  sliceBytes: fc.integer({ min: 1, max: 50 }),
  completeLength: fc.integer({ min: 1, max: 500 }),
});

t.test(
  "slices tile the representation: each begins where the one before ends, the last at its end",
  async () => {
    fc.assert(
      fc.property(grid, (one) => {
        let position = 0;
        for (let index = 0; index < sliceCount(one); index += 1) {
          const { start, end } = sliceRange(one, sliceIndex(index));
          strictEqual(start, position);
          ok(end > start && end - start <= one.sliceBytes);
          strictEqual(sliceAt(one, start), index);
          strictEqual(sliceAt(one, end - 1), index);
          position = end;
        }
        strictEqual(position, one.completeLength);
      }),
    );
  },
);

t.test("slicesOf() a range are those that hold a byte of it, no more and no fewer", async () => {
  fc.assert(
    fc.property(grid, fc.nat(499), fc.nat(499), (one, a, b) => {
      const start = Math.min(a, b) % one.completeLength;
      const end = Math.max(start + 1, Math.min(Math.max(a, b), one.completeLength));
      const span = slicesOf(one, { start, end });
      const touched = Array.from({ length: sliceCount(one) }, (_, index) => sliceIndex(index)).filter(
        (index) => {
          const cell = sliceRange(one, index);
          return cell.start < end && start < cell.end;
        },
      );
      deepStrictEqual([span.first, span.end], [touched[0], (touched.at(-1) ?? -1) + 1]);
    }),
  );
});

t.test(
  "alignOutward() holds the range, adds less than a unit on each side, and never passes the limit",
  async () => {
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.nat(500),
        fc.integer({ min: 1, max: 50 }),
        fc.nat(100),
        (a, b, unit, beyond) => {
          const range = { start: Math.min(a, b), end: Math.max(a, b) };
          const limit = range.end + beyond;
          const wide = alignOutward(range, unit, limit);
          ok(wide.start <= range.start && range.start - wide.start < unit && wide.start % unit === 0);
          ok(wide.end >= range.end && wide.end - range.end < unit && wide.end <= limit);
          ok(wide.end % unit === 0 || wide.end === limit);
        },
      ),
    );
  },
);

t.test("missing and present are the whole: each page of a range is in exactly one of them", async () => {
  const filled = fc.record({
    pages: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
    tail: fc.integer({ min: 1, max: PAGE_BYTES }),
    from: fc.nat(8 * PAGE_BYTES),
    bytes: fc.integer({ min: 1, max: 8 * PAGE_BYTES }),
  });
  fc.assert(
    fc.property(filled, ({ pages, tail, from, bytes }) => {
      const completeLength = (pages.length - 1) * PAGE_BYTES + tail;
      const pool = new PagePool(8 * PAGE_BYTES);
      const representation = representationOf({ completeLength, sliceBytes: 8 * PAGE_BYTES });
      const slice = new SliceBuffer(pool, representation, sliceIndex(0));
      const pageRange = (at: number) => ({
        start: at * PAGE_BYTES,
        end: Math.min((at + 1) * PAGE_BYTES, completeLength),
      });
      for (const [at, isFilled] of pages.entries()) if (isFilled) fillSlice(pool, slice, pageRange(at));

      const start = from % completeLength;
      const range = { start, end: Math.min(start + bytes, completeLength) };
      const stretches = slice.missing(range);
      for (const [at, isFilled] of pages.entries()) {
        const page = pageRange(at);
        const asked = page.start < range.end && range.start < page.end;
        const missing = stretches.some((one) => one.start <= page.start && page.end <= one.end);
        strictEqual(missing, asked && !isFilled);
      }
      for (let at = 1; at < stretches.length; at += 1) {
        ok((stretches[at - 1]?.end ?? 0) < (stretches[at]?.start ?? 0), "neighbours are one stretch");
      }
      strictEqual(slice.has(range), stretches.length === 0);
      strictEqual(slice.complete, pages.every(Boolean));
      for (const stretch of stretches) fillSlice(pool, slice, stretch);
      ok(slice.has(range), "filling what is missing is filling the range");
      slice.release();
      strictEqual(pool.pagesInUse, 0);
    }),
  );
});
