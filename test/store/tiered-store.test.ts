import t from "tap";
import { bytesReceived } from "../../src/base/channels.ts";
import { systemClock } from "../../src/base/clock.ts";
import { sliceIndex } from "../../src/base/units.ts";
import { PAGE_BYTES, PagePool } from "../../src/slice/page-pool.ts";
import { sliceRange } from "../../src/slice/slice-grid.ts";
import { MemoryStore } from "../../src/store/memory-store.ts";
import { RedisStore } from "../../src/store/redis-store.ts";
import type { FarStore } from "../../src/store/store.ts";
import { TieredStore } from "../../src/store/tiered-store.ts";
import { freePort } from "../support/child-server.ts";
import { bytesOf, fillSlice, representationOf, storedResponseOf } from "../support/made-up.ts";

const representation = representationOf();
const stored = storedResponseOf();
const whole = { start: 0, end: representation.completeLength };

/** A far tier that has everything, and keeps a list of what it was asked. */
function farOf(has = true): { far: FarStore; asked: unknown[][] } {
  const asked: unknown[][] = [];
  const far: FarStore = {
    getResponse: async (cacheKey) => {
      asked.push(["getResponse", cacheKey]);
      return has ? stored : undefined;
    },
    putResponse: (response) => void asked.push(["putResponse", response]),
    deleteResponse: (cacheKey) => void asked.push(["deleteResponse", cacheKey]),
    getSlice: async (one, index) => {
      asked.push(["getSlice", index]);
      return has ? bytesOf(one, sliceRange(one, index)) : undefined;
    },
    hasSlices: async (_, { first, end }) => {
      asked.push(["hasSlices", first, end]);
      return has;
    },
    putSlice: (_, index, body, keepMs) => void asked.push(["putSlice", index, Buffer.concat(body), keepMs]),
    close: async () => undefined,
  };
  return { far, asked };
}

function tiered(far: FarStore | undefined): { store: TieredStore; pool: PagePool } {
  const pool = new PagePool(2 ** 20);
  return { pool, store: new TieredStore(new MemoryStore({ pool, metadataBytesMax: 100_000 }), far) };
}

t.test("promoteResponse() keeps what the far tier has near", async (t) => {
  const { far, asked } = farOf();
  const { store } = tiered(far);
  t.strictSame(await store.promoteResponse(representation.cacheKey), stored);
  t.equal(store.near.getResponse(representation.cacheKey), stored);
  t.strictSame(asked, [["getResponse", representation.cacheKey]]);
});

t.test("a far tier that has nothing, or none at all, is a miss and keeps nothing", async (t) => {
  for (const far of [farOf(false).far, undefined]) {
    const { store } = tiered(far);
    t.equal(await store.promoteResponse(representation.cacheKey), undefined);
    t.equal(store.near.getResponse(representation.cacheKey), undefined);
    t.equal(await store.getFarSlice(representation, sliceIndex(0)), undefined);
    t.equal(await store.hasRange(representation, whole), false);
  }
});

t.test("a Redis that is down is a miss in every way, and what is put is kept near", async (t) => {
  const far = new RedisStore(`redis://127.0.0.1:${await freePort()}`, systemClock);
  t.teardown(() => far.close());
  const { store, pool } = tiered(far);
  store.putResponse(stored);
  t.equal(store.near.getResponse(representation.cacheKey), stored);
  t.equal(await store.promoteResponse("http://example.com/b"), undefined);
  t.equal(await store.getFarSlice(representation, sliceIndex(0)), undefined);
  t.equal(await store.hasRange(representation, whole), false);
  const slice = store.near.openSlice(representation, sliceIndex(0));
  fillSlice(pool, slice);
  store.putFarSlice(slice, 60_000);
  store.near.settleSlice(slice);
  t.equal(store.near.getSlice(representation, sliceIndex(0))?.complete, true);
});

t.test("getFarSlice() tells how many bytes came from Redis", async (t) => {
  const told: unknown[] = [];
  t.teardown(bytesReceived.subscribe((event) => told.push(event)));
  const { store } = tiered(farOf().far);
  const range = sliceRange(representation, sliceIndex(2));
  t.strictSame(await store.getFarSlice(representation, sliceIndex(2)), bytesOf(representation, range));
  t.strictSame(told, [{ from: "redis", bytes: range.end - range.start }]);
});

t.test("hasRange() asks the far tier from the first slice on whose part is not near", async (t) => {
  const { far, asked } = farOf();
  const { store, pool } = tiered(far);
  for (const index of [0, 1]) {
    const slice = store.near.openSlice(representation, sliceIndex(index));
    const { start, end } = slice.range;
    fillSlice(pool, slice, { start, end: index === 0 ? end : start + PAGE_BYTES });
    store.near.settleSlice(slice);
  }
  const nearEnd = sliceRange(representation, sliceIndex(1)).start + PAGE_BYTES;
  t.equal(await store.hasRange(representation, { start: 5, end: nearEnd }), true);
  t.strictSame(asked, [], "all of it is near");
  t.equal(await store.hasRange(representation, whole), true);
  t.equal(await store.hasRange(representation, { start: 5, end: nearEnd + 1 }), true);
  t.strictSame(asked, [
    ["hasSlices", 1, 3],
    ["hasSlices", 1, 2],
  ]);
});

t.test("what is put and deleted goes to both tiers; far slices are kept twice their lifetime", async (t) => {
  const { far, asked } = farOf();
  const { store, pool } = tiered(far);
  store.putResponse(stored);
  const slice = store.near.openSlice(representation, sliceIndex(2));
  fillSlice(pool, slice);
  store.putFarSlice(slice, 3_600_000);
  store.putFarSlice(slice, 1000);
  store.deleteResponse(representation.cacheKey);
  const body = bytesOf(representation, slice.range);
  t.strictSame(asked, [
    ["putResponse", stored],
    ["putSlice", 2, body, 7_200_000],
    ["putSlice", 2, body, 60_000],
    ["deleteResponse", representation.cacheKey],
  ]);
  t.equal(store.near.getResponse(representation.cacheKey), undefined);
});
