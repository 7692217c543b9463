import t from "tap";
import { MandolineError } from "../../src/base/errors.ts";
import { sliceIndex } from "../../src/base/units.ts";
import { PAGE_BYTES, PagePool } from "../../src/slice/page-pool.ts";
import { PageRun } from "../../src/slice/page-run.ts";
import { SliceBuffer } from "../../src/slice/slice-buffer.ts";
import { bytesOf, placedRun, representationOf } from "../support/made-up.ts";

const P = PAGE_BYTES;
const representation = representationOf();

function sliceZero(): { pool: PagePool; slice: SliceBuffer } {
  const pool = new PagePool(8 * P);
  return { pool, slice: new SliceBuffer(pool, representation, sliceIndex(0)) };
}

t.test("new PageRun() is found by every position of its range, and by none beyond", async (t) => {
  const { slice } = sliceZero();
  const run = new PageRun(slice, { start: P, end: 3 * P });
  const found = [P - 1, P, 3 * P - 1, 3 * P].map((position) => slice.runAt(position));
  t.strictSame(
    found.map((one) => one === run),
    [false, true, true, false],
  );
  t.throws(() => new PageRun(slice, { start: P, end: P }), { code: "INVARIANT" });
});

t.test("write() moves the watermark and wakes each waiting reader once", async (t) => {
  const { pool, slice } = sliceZero();
  const run = placedRun(pool, slice, { start: P, end: 2 * P });
  const bytes = bytesOf(representation, run.range);
  const woken: number[] = [];
  run.changed.once(() => woken.push(run.watermark));
  run.write(bytes.subarray(0, 100));
  run.write(bytes.subarray(100, 101));
  t.strictSame(woken, [P + 100]);
  t.equal(run.watermark, P + 101);
  t.equal(run.done, false);
});

t.test("write() past the end of the run is INVARIANT and leaves the bytes out", async (t) => {
  const { pool, slice } = sliceZero();
  const run = placedRun(pool, slice, { start: 0, end: P });
  run.write(Buffer.alloc(P - 1));
  t.throws(() => run.write(Buffer.alloc(2)), { code: "INVARIANT" });
  t.equal(run.watermark, P - 1);
});

t.test("finish() of a run that is done leaves its pages and no failure", async (t) => {
  const { pool, slice } = sliceZero();
  const run = placedRun(pool, slice, { start: 0, end: P });
  run.write(bytesOf(representation, run.range));
  run.finish();
  t.equal(run.failure, undefined);
  t.strictSame(slice.runs, []);
  t.equal(slice.heldBytes, P);
});

t.test("finish() of a cut run keeps its whole pages, and tells those who wait why", async (t) => {
  const { pool, slice } = sliceZero();
  const run = placedRun(pool, slice, { start: 0, end: 3 * P });
  run.write(bytesOf(representation, { start: 0, end: 1.5 * P }));
  const cut = new MandolineError("ORIGIN_BODY_SHORT", "Fetching", { source: "origin" });
  const heard: unknown[] = [];
  run.changed.once(() => heard.push(run.failure));
  run.finish(cut);
  run.finish();
  t.strictSame(heard, [cut]);
  t.equal(pool.pagesInUse, 1);
  t.strictSame(slice.missing(slice.range), [{ start: P, end: 4 * P }]);
});

t.test("finish() before any page was placed gives nothing back twice, and is CANCELLED", async (t) => {
  const { pool, slice } = sliceZero();
  const run = new PageRun(slice, { start: 0, end: 2 * P });
  run.finish();
  t.match(run.failure, { code: "CANCELLED", facts: { watermark: 0 } });
  t.equal(pool.pagesInUse, 0);
});

t.test(
  "leave() cancels lookahead when its last reader goes, and never an awaited or a done run",
  async (t) => {
    const { pool, slice } = sliceZero();
    const cancelled: string[] = [];
    const run = (name: string, start: number) => {
      const made = placedRun(pool, slice, { start, end: start + P });
      made.onCancel(() => cancelled.push(name));
      made.interested = 2;
      return made;
    };
    const lookahead = run("lookahead", 0);
    const awaited = run("awaited", P);
    const done = run("done", 2 * P);
    awaited.awaited = true;
    done.write(bytesOf(representation, done.range));
    for (const one of [lookahead, awaited, done]) one.leave();
    t.strictSame(cancelled, []);
    for (const one of [lookahead, awaited, done]) one.leave();
    t.strictSame(cancelled, ["lookahead"]);
  },
);
