// What both tiers promise, whatever lies below: the one in memory, and a real Redis over real sockets.

import t from "tap";
import { systemClock } from "../../src/base/clock.ts";
import { type SliceIndex, sliceIndex } from "../../src/base/units.ts";
import { PagePool } from "../../src/slice/page-pool.ts";
import type { Representation } from "../../src/slice/representation.ts";
import { sliceRange } from "../../src/slice/slice-grid.ts";
import type { StoredResponse } from "../../src/slice/stored-response.ts";
import { MemoryStore } from "../../src/store/memory-store.ts";
import { RedisStore } from "../../src/store/redis-store.ts";
import { bytesOf, changedParts, placedRun, representationOf, storedResponseOf } from "../support/made-up.ts";
import { startRedis } from "../support/redis.ts";
import { answeredByRedis, openRedisAdmin, redisStoresReady } from "../support/redis-admin.ts";

/** Every call has had its effect when it resolves. */
interface Store {
  getResponse(cacheKey: string): Promise<StoredResponse | undefined>;
  putResponse(stored: StoredResponse): Promise<void>;
  deleteResponse(cacheKey: string): Promise<void>;
  getSlice(representation: Representation, index: SliceIndex): Promise<Buffer | undefined>;
  putSlice(representation: Representation, index: SliceIndex, body: Buffer): Promise<void>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

async function overMemory(): Promise<Store> {
  const pool = new PagePool(64 * 1024 * 1024);
  const make = () => new MemoryStore({ pool, metadataBytesMax: 1_000_000 });
  let store = make();
  return {
    getResponse: async (cacheKey) => store.getResponse(cacheKey),
    putResponse: async (stored) => store.putResponse(stored),
    deleteResponse: async (cacheKey) => store.deleteResponse(cacheKey),
    getSlice: async (representation, index) => {
      const slice = store.getSlice(representation, index);
      return slice?.complete ? Buffer.concat(slice.bytes()) : undefined;
    },
    putSlice: async (representation, index, body) => {
      const slice = store.openSlice(representation, index);
      for (const range of slice.missing(slice.range)) {
        const run = placedRun(pool, slice, range);
        run.write(body.subarray(range.start - slice.range.start, range.end - slice.range.start));
        run.finish();
      }
      store.settleSlice(slice);
    },
    clear: async () => {
      store = make();
    },
    close: async () => undefined,
  };
}

async function overRedis(): Promise<Store> {
  const server = await startRedis();
  const store = new RedisStore(server.url, systemClock);
  await redisStoresReady(server.url);
  const admin = openRedisAdmin(server.url);
  const answeredTo = async (operation: string, call: () => void) => {
    const answered = answeredByRedis(operation);
    call();
    await answered.reached(1);
    answered.stop();
  };
  return {
    getResponse: (cacheKey) => store.getResponse(cacheKey),
    putResponse: (stored) => answeredTo("put-response", () => store.putResponse(stored)),
    deleteResponse: (cacheKey) => answeredTo("delete-response", () => store.deleteResponse(cacheKey)),
    getSlice: (representation, index) => store.getSlice(representation, index),
    putSlice: (representation, index, body) =>
      answeredTo("put-slice", () => store.putSlice(representation, index, [body], 60_000)),
    clear: async () => {
      await admin.redis.flushall();
    },
    close: async () => {
      admin.close();
      await store.close();
      await server.stop();
    },
  };
}

const representation = representationOf();
const sliceOf = (one: Representation, index: number) => bytesOf(one, sliceRange(one, sliceIndex(index)));

for (const [name, open] of Object.entries({ MemoryStore: overMemory, RedisStore: overRedis })) {
  t.test(name, async (t) => {
    const store = await open();
    t.teardown(store.close);
    t.beforeEach(store.clear);

    t.test("what was never put is undefined", async (t) => {
      t.equal(await store.getResponse("http://example.com/a"), undefined);
      t.equal(await store.getSlice(representation, sliceIndex(0)), undefined);
    });

    t.test("a stored response comes back whole, in every field", async (t) => {
      const stored = storedResponseOf({
        fields: ["ETag", '"v1"', "X-Latin", "\xe4\xff", "X-Twice", "1", "x-twice", "2"],
        varyNames: ["accept-language"],
        rangesWork: false,
        initialAgeMs: 1234,
      });
      await store.putResponse(stored);
      t.strictSame(await store.getResponse("http://example.com/a"), stored);
    });

    t.test("a stored response put again takes the place of the first", async (t) => {
      await store.putResponse(storedResponseOf());
      const second = storedResponseOf({
        representation: representationOf({ validator: { kind: "entity-tag", text: '"v2"' } }),
      });
      await store.putResponse(second);
      t.strictSame(await store.getResponse("http://example.com/a"), second);
    });

    t.test(
      "a deleted response is undefined, another key's stays, deleting it again is nothing",
      async (t) => {
        const other = storedResponseOf({
          representation: representationOf({ cacheKey: "http://example.com/b" }),
        });
        await store.putResponse(storedResponseOf());
        await store.putResponse(other);
        await store.deleteResponse("http://example.com/a");
        await store.deleteResponse("http://example.com/a");
        t.equal(await store.getResponse("http://example.com/a"), undefined);
        t.strictSame(await store.getResponse("http://example.com/b"), other);
      },
    );

    t.test(
      "slices come back byte by byte, the short last one too, and by their own index only",
      async (t) => {
        for (const index of [0, 2]) {
          await store.putSlice(representation, sliceIndex(index), sliceOf(representation, index));
        }
        for (const index of [0, 2]) {
          const got = await store.getSlice(representation, sliceIndex(index));
          t.ok(got?.equals(sliceOf(representation, index)), `slice ${index}`);
        }
        t.equal(await store.getSlice(representation, sliceIndex(1)), undefined);
      },
    );

    t.test("a slice that is put again is the same slice", async (t) => {
      const body = sliceOf(representation, 1);
      await store.putSlice(representation, sliceIndex(1), body);
      await store.putSlice(representation, sliceIndex(1), body);
      t.ok((await store.getSlice(representation, sliceIndex(1)))?.equals(body));
    });

    for (const [part, change] of Object.entries(changedParts)) {
      t.test(`a slice of another representation is undefined: ${part} changed`, async (t) => {
        await store.putSlice(representation, sliceIndex(0), sliceOf(representation, 0));
        t.equal(await store.getSlice(representationOf(change), sliceIndex(0)), undefined);
      });
    }

    t.test("deleting a response leaves its slices for the same version, should it come back", async (t) => {
      await store.putResponse(storedResponseOf());
      await store.putSlice(representation, sliceIndex(0), sliceOf(representation, 0));
      await store.deleteResponse(representation.cacheKey);
      t.ok((await store.getSlice(representation, sliceIndex(0)))?.equals(sliceOf(representation, 0)));
    });
  });
}
