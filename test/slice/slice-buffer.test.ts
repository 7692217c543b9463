import t from "tap";
import { sliceIndex } from "../../src/base/units.ts";
import { PAGE_BYTES, PagePool } from "../../src/slice/page-pool.ts";
import { SliceBuffer } from "../../src/slice/slice-buffer.ts";
import { bytesOf, fillSlice, placedRun, representationOf } from "../support/made-up.ts";

const P = PAGE_BYTES;
const representation = representationOf();

/** Slice 1 is [4P, 8P); slice 2 is the short [8P, 9.5P). */
function sliceOf(index: number): { pool: PagePool; slice: SliceBuffer } {
  const pool = new PagePool(16 * P);
  return { pool, slice: new SliceBuffer(pool, representation, sliceIndex(index)) };
}

t.test("a new slice has nothing: all is missing, no page held", async (t) => {
  const { slice } = sliceOf(1);
  t.strictSame(slice.range, { start: 4 * P, end: 8 * P });
  t.strictSame(slice.missing(slice.range), [slice.range]);
  t.match(slice, { complete: false, empty: true, heldBytes: 0, released: false });
  t.equal(slice.readableAt(4 * P, 8 * P), undefined);
});

t.test("missing() widens to pages, and never past the end of a short slice", async (t) => {
  const { slice } = sliceOf(2);
  t.strictSame(slice.range, { start: 8 * P, end: 9.5 * P });
  t.strictSame(slice.missing({ start: 8 * P + 1, end: 8 * P + 2 }), [{ start: 8 * P, end: 9 * P }]);
  t.strictSame(slice.missing({ start: 9.5 * P - 1, end: 9.5 * P }), [{ start: 9 * P, end: 9.5 * P }]);
  t.strictSame(slice.missing({ start: 9 * P - 1, end: 9 * P + 1 }), [{ start: 8 * P, end: 9.5 * P }]);
});

t.test("missing() leaves out what is filled and what is being filled, in stretches", async (t) => {
  const { pool, slice } = sliceOf(1);
  fillSlice(pool, slice, { start: 5 * P, end: 6 * P });
  t.strictSame(slice.missing(slice.range), [
    { start: 4 * P, end: 5 * P },
    { start: 6 * P, end: 8 * P },
  ]);
  placedRun(pool, slice, { start: 6 * P, end: 7 * P });
  t.strictSame(slice.missing(slice.range), [
    { start: 4 * P, end: 5 * P },
    { start: 7 * P, end: 8 * P },
  ]);
  t.strictSame(slice.missing({ start: 5 * P, end: 7 * P }), []);
});

t.test("readableAt() ends at the page, the watermark, or the end asked for", async (t) => {
  const { pool, slice } = sliceOf(1);
  const run = placedRun(pool, slice, slice.range);
  run.write(bytesOf(representation, { start: 4 * P, end: 5.5 * P }));
  const lengthAt = (position: number, end: number) => slice.readableAt(position, end)?.bytes.length;
  t.equal(lengthAt(4 * P, 8 * P), P, "to the end of its page");
  t.equal(lengthAt(5 * P - 1, 8 * P), 1, "the last byte of a page");
  t.equal(lengthAt(5 * P, 8 * P), P / 2, "to the watermark");
  t.equal(lengthAt(5 * P, 5 * P + 7), 7, "to the end asked for");
  t.equal(lengthAt(5.5 * P - 1, 8 * P), 1, "the last byte that came");
  t.equal(lengthAt(5.5 * P, 8 * P), undefined, "at the watermark");
  t.equal(lengthAt(6 * P, 8 * P), undefined, "a page that has nothing yet");
  const { bytes } = slice.readableAt(4 * P + 3, 4 * P + 10) ?? {};
  t.strictSame(Buffer.from(bytes ?? []), bytesOf(representation, { start: 4 * P + 3, end: 4 * P + 10 }));
});

t.test("has() needs every byte, over pages", async (t) => {
  const { pool, slice } = sliceOf(1);
  fillSlice(pool, slice, { start: 4 * P, end: 6 * P });
  t.equal(slice.has({ start: 4 * P, end: 6 * P }), true);
  t.equal(slice.has({ start: 5 * P - 1, end: 5 * P + 1 }), true);
  t.equal(slice.has({ start: 4 * P, end: 6 * P + 1 }), false);
});

t.test("a slice is complete with its last byte, and gives all of them in order", async (t) => {
  for (const index of [1, 2]) {
    const { pool, slice } = sliceOf(index);
    const run = placedRun(pool, slice, slice.range);
    const bytes = bytesOf(representation, slice.range);
    run.write(bytes.subarray(0, -1));
    t.equal(slice.complete, false);
    t.throws(() => slice.bytes(), { code: "INVARIANT" });
    run.write(bytes.subarray(-1));
    t.equal(slice.complete, true);
    t.ok(Buffer.concat(slice.bytes()).equals(bytes), `slice ${index}`);
    t.strictSame(slice.missing(slice.range), []);
  }
});

t.test("write() across pages in any chunk sizes; a gap or an overlap is INVARIANT", async (t) => {
  const { pool, slice } = sliceOf(1);
  placedRun(pool, slice, slice.range);
  const bytes = bytesOf(representation, slice.range);
  slice.write(4 * P, bytes.subarray(0, 10));
  t.throws(() => slice.write(4 * P + 11, bytes.subarray(11, 12)), { code: "INVARIANT" });
  t.throws(() => slice.write(4 * P + 9, bytes.subarray(9, 10)), { code: "INVARIANT" });
  slice.write(4 * P + 10, bytes.subarray(10, 3 * P));
  slice.write(7 * P, bytes.subarray(3 * P));
  t.ok(Buffer.concat(slice.bytes()).equals(bytes));
});

t.test("place() of a page twice, or into a released slice, is INVARIANT", async (t) => {
  const { pool, slice } = sliceOf(1);
  const run = placedRun(pool, slice, { start: 4 * P, end: 5 * P });
  t.throws(() => run.place(pool.tryReserve(1) ?? []), { code: "INVARIANT" });
  run.finish();
  slice.release();
  t.throws(() => slice.place({ start: 5 * P, end: 6 * P }, []), { code: "INVARIANT" });
});

t.test("dropUnfilled() keeps whole pages, the short last one too, and gives the others back", async (t) => {
  const { pool, slice } = sliceOf(2);
  const run = placedRun(pool, slice, slice.range);
  run.write(bytesOf(representation, { start: 8 * P, end: 9 * P + 1 }));
  slice.dropUnfilled(slice.range);
  t.equal(slice.heldBytes, P);
  t.equal(pool.pagesInUse, 1);
  t.equal(slice.has({ start: 8 * P, end: 9 * P }), true);
  t.equal(slice.readableAt(9 * P, 9.5 * P), undefined);
  const [short] = [sliceOf(2)];
  fillSlice(short.pool, short.slice);
  short.slice.dropUnfilled(short.slice.range);
  t.equal(short.slice.complete, true);
});

t.test("release() gives every page back once; what is in a write stays until it is through", async (t) => {
  const { pool, slice } = sliceOf(1);
  fillSlice(pool, slice);
  const readable = slice.readableAt(4 * P, 8 * P);
  if (readable) pool.pin(readable.page);
  slice.release();
  t.match(slice, { released: true, empty: true, complete: false, heldBytes: 0 });
  t.equal(pool.pagesInUse, 1);
  slice.release();
  t.equal(pool.pagesInUse, 1);
  if (readable) pool.unpin(readable.page);
  t.equal(pool.pagesInUse, 0);
});
