import t from "tap";
import { sliceEvicted } from "../../src/base/channels.ts";
import { sliceIndex } from "../../src/base/units.ts";
import { PAGE_BYTES, PagePool } from "../../src/slice/page-pool.ts";
import { storedResponseBytes } from "../../src/slice/stored-response.ts";
import { MemoryStore } from "../../src/store/memory-store.ts";
import { fillSlice, placedRun, representationOf, storedResponseOf } from "../support/made-up.ts";

const P = PAGE_BYTES;
const representation = representationOf({ completeLength: 100 * 4 * P });

/** Room for so many slices of 4 pages. */
function storeOf(slices: number): { pool: PagePool; store: MemoryStore } {
  const pool = new PagePool(slices * 4 * P);
  return { pool, store: new MemoryStore({ pool, metadataBytesMax: 10_000 }) };
}

function put({ pool, store }: { pool: PagePool; store: MemoryStore }, index: number): void {
  const slice = store.openSlice(representation, sliceIndex(index));
  fillSlice(pool, slice);
  store.settleSlice(slice);
}

function kept(store: MemoryStore, end: number): number[] {
  return Array.from({ length: end }, (_, at) => at).filter((at) =>
    store.getSlice(representation, sliceIndex(at)),
  );
}

t.test("the slice least recently used goes first; looking at one is using it", async (t) => {
  const both = storeOf(3);
  for (const index of [0, 1, 2]) put(both, index);
  both.store.getSlice(representation, sliceIndex(0));
  put(both, 3);
  t.strictSame(kept(both.store, 4), [0, 2, 3]);
});

t.test("opening a slice that is here is using it, and keeps its bytes", async (t) => {
  const both = storeOf(3);
  for (const index of [0, 1, 2]) put(both, index);
  const slice = both.store.openSlice(representation, sliceIndex(0));
  t.equal(slice.complete, true);
  both.store.settleSlice(slice);
  put(both, 3);
  t.strictSame(kept(both.store, 4), [0, 2, 3]);
});

t.test("an active slice is never evicted: reserving fails instead", async (t) => {
  const both = storeOf(2);
  const { pool, store } = both;
  const active = store.openSlice(representation, sliceIndex(0));
  const run = placedRun(pool, active, active.range);
  put(both, 1);
  t.equal(pool.tryReserve(8), undefined, "both slices' pages");
  t.strictSame(kept(store, 2), [0], "the idle one went for it");
  t.equal(store.getSlice(representation, sliceIndex(0)), active);
  run.finish();
  store.settleSlice(active);
  t.equal(store.sliceCount, 0, "a run that brought nothing leaves no slice");
});

t.test("a slice with two runs stays active until the last one ended", async (t) => {
  const { pool, store } = storeOf(1);
  const slice = store.openSlice(representation, sliceIndex(0));
  const first = placedRun(pool, slice, { start: 0, end: P });
  const second = placedRun(pool, slice, { start: P, end: 2 * P });
  first.write(Buffer.alloc(P));
  first.finish();
  store.settleSlice(slice);
  t.equal(store.idleBytes, 0);
  second.finish();
  store.settleSlice(slice);
  t.equal(store.idleBytes, P);
  t.equal(store.openSlice(representation, sliceIndex(0)), slice);
});

t.test("the budget is never exceeded, and idleBytes is what could be evicted", async (t) => {
  const both = storeOf(4);
  for (let index = 0; index < 50; index += 1) {
    put(both, index);
    t.ok(both.pool.pagesInUse <= both.pool.pagesMax);
    t.equal(both.store.idleBytes, both.pool.pagesInUse * P);
  }
  t.equal(both.store.sliceCount, 4);
});

t.test("an eviction is told with its bytes, gives the pages back and releases the slice", async (t) => {
  const both = storeOf(1);
  const told: number[] = [];
  t.teardown(sliceEvicted.subscribe(({ bytes }) => told.push(bytes)));
  put(both, 0);
  const evicted = both.store.getSlice(representation, sliceIndex(0));
  put(both, 1);
  t.strictSame(told, [4 * P]);
  t.equal(evicted?.released, true);
  t.equal(both.store.openSlice(representation, sliceIndex(1)).complete, true);
  t.strictSame(told, [4 * P], "taking a slice up again is no eviction");
});

t.test("a reservation that waits is granted when a slice becomes idle", async (t) => {
  const { pool, store } = storeOf(1);
  const slice = store.openSlice(representation, sliceIndex(0));
  const run = placedRun(pool, slice, slice.range);
  const waiting = pool.reserve(4, 60_000);
  run.write(Buffer.alloc(4 * P));
  run.finish();
  store.settleSlice(slice);
  t.equal((await waiting).length, 4);
  t.equal(store.sliceCount, 0);
  t.equal(store.idleBytes, 0);
});

t.test("stored responses are bounded in bytes, the least recently used goes first", async (t) => {
  const { store } = storeOf(1);
  const keys = Array.from({ length: 100 }, (_, at) => `http://example.com/${at}`);
  for (const cacheKey of keys) {
    store.putResponse(storedResponseOf({ representation: representationOf({ cacheKey }) }));
    store.getResponse(keys[0] as string);
    t.ok(store.responseBytes <= 10_000);
  }
  const each = storedResponseBytes(storedResponseOf());
  t.ok(store.responseCount >= Math.floor(10_000 / (each + 20)));
  t.ok(store.getResponse(keys[0] as string), "the one that is used stays");
  t.equal(store.getResponse(keys[1] as string), undefined);
});

t.test("a stored response larger than the whole bound is not kept, and takes the old one away", async (t) => {
  const { store } = storeOf(1);
  store.putResponse(storedResponseOf());
  store.putResponse(storedResponseOf({ fields: ["X", "y".repeat(10_000)] }));
  t.equal(store.getResponse("http://example.com/a"), undefined);
});
