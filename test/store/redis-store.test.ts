// A real Redis over real sockets that is down, hung, killed, or holds what was not put there. Its deadline is 250 ms;
// where a test bounds a wait it allows for a busy machine, far below the seconds that a client without one waits.

import t, { type Test } from "tap";
import { breakerChanged } from "../../src/base/channels.ts";
import { systemClock } from "../../src/base/clock.ts";
import { KiB, MiB, sliceIndex } from "../../src/base/units.ts";
import { encodeEnvelope } from "../../src/slice/codec.ts";
import { RedisStore } from "../../src/store/redis-store.ts";
import { freePort } from "../support/child-server.ts";
import { changedParts, representationOf, storedResponseOf } from "../support/made-up.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import {
  answeredByRedis,
  counted,
  failuresOfRedis,
  openRedisAdmin,
  type RedisAdmin,
  redisStoresReady,
} from "../support/redis-admin.ts";

const WAIT_MS_MAX = 1500;

const representation = representationOf();
const zero = sliceIndex(0);
const sliceKey = `mandoline:slice:${representation.digest}:0`;
const responseKey = `mandoline:response:${representation.cacheKey}`;
const body = Buffer.from("the bytes of a slice");

interface Setup {
  readonly server: RedisServer;
  readonly store: RedisStore;
  readonly failures: { readonly told: string[] };
}

async function connected(t: Test): Promise<Setup> {
  const server = await startRedis();
  const store = new RedisStore(server.url, systemClock);
  await redisStoresReady(server.url);
  const failures = failuresOfRedis();
  t.teardown(async () => {
    failures.stop();
    await store.close();
    await server.stop();
  });
  return { server, store, failures };
}

function adminOf(t: Test, { server }: Setup): RedisAdmin {
  const admin = openRedisAdmin(server.url);
  t.teardown(admin.close);
  return admin;
}

async function putSlice({ store }: Setup): Promise<void> {
  const answered = answeredByRedis("put-slice");
  store.putSlice(representation, zero, [body], 60_000);
  await answered.reached(1);
  answered.stop();
}

async function within<T>(t: Test, call: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await call();
  const tookMs = performance.now() - startedMs;
  t.ok(tookMs < WAIT_MS_MAX, `answered after ${Math.round(tookMs)} ms`);
  return result;
}

t.test("down at start: every answer is a miss, no call throws, the circuit opens", async (t) => {
  const failures = failuresOfRedis();
  const store = new RedisStore(`redis://127.0.0.1:${await freePort()}`, systemClock);
  const opened = counted(breakerChanged, ({ state }) => state === "open");
  t.teardown(async () => {
    failures.stop();
    opened.stop();
    await store.close();
  });
  await within(t, async () => {
    t.equal(await store.getResponse("http://example.com/a"), undefined);
    t.equal(await store.getSlice(representation, zero), undefined);
    t.equal(await store.hasSlices(representation, { first: zero, end: sliceIndex(3) }), false);
    store.putResponse(storedResponseOf());
    store.putSlice(representation, zero, [body], 60_000);
    store.deleteResponse("http://example.com/a");
    await opened.reached(1);
  });
  t.equal(store.state, "open");
  await store.getResponse("http://example.com/a");
  t.ok(failures.told.includes("get-response STORE_DOWN"), "told on the channel");
  t.strictSame(
    failures.told.filter((one) => !one.endsWith(" STORE_DOWN")),
    [],
    "by an open circuit too",
  );
});

t.test("killed in mid-use, started again empty: misses, then as before", async (t) => {
  const setup = await connected(t);
  await putSlice(setup);
  await setup.server.kill();
  t.equal(await within(t, () => setup.store.getSlice(representation, zero)), undefined);
  await setup.server.restart();
  await redisStoresReady(setup.server.url);
  t.equal(await setup.store.getSlice(representation, zero), undefined, "it is empty");
  await putSlice(setup);
  t.strictSame(await setup.store.getSlice(representation, zero), body);
});

t.test("the circuit lets Redis be tried again after its second, and closes when it answers", async (t) => {
  const { server, store } = await connected(t);
  const halfOpen = counted(breakerChanged, ({ state }) => state === "half-open");
  t.teardown(halfOpen.stop);
  await server.kill();
  for (let asked = 0; asked < 5; asked += 1) await store.getResponse("http://example.com/a");
  t.equal(store.state, "open");
  await server.restart();
  await redisStoresReady(server.url);
  await halfOpen.reached(1);
  await store.getResponse("http://example.com/a");
  t.equal(store.state, "closed");
});

t.test("hung: undefined within its deadline, and after SIGCONT each reply goes to who asked", async (t) => {
  const setup = await connected(t);
  const { server, store, failures } = setup;
  await putSlice(setup);
  const stored = answeredByRedis("put-response");
  store.putResponse(storedResponseOf());
  await stored.reached(1);
  stored.stop();
  server.hang();
  const [slice, response] = await within(t, () =>
    Promise.all([store.getSlice(representation, zero), store.getResponse(representation.cacheKey)]),
  );
  t.strictSame([slice, response], [undefined, undefined]);
  t.strictSame(failures.told.toSorted(), ["get-response STORE_DOWN", "get-slice STORE_DOWN"]);
  server.goOn();
  t.equal(await store.getSlice(representation, sliceIndex(1)), undefined, "not the late reply to slice 0");
  t.strictSame(await store.getSlice(representation, zero), body);
  t.strictSame(await store.getResponse(representation.cacheKey), storedResponseOf());
});

t.test("hung: writes are bounded in bytes, what does not fit is dropped and told", async (t) => {
  const { server, store, failures } = await connected(t);
  const failed = counted(breakerChanged, ({ state }) => state === "open");
  t.teardown(failed.stop);
  server.hang();
  const slice = Buffer.alloc(MiB);
  for (let index = 0; index < 80; index += 1) {
    store.putSlice(representation, sliceIndex(index), [slice], 60_000);
  }
  // 64 MiB hold 63 envelopes, which are a little longer than their slice.
  t.strictSame(failures.told, Array(17).fill("put-slice OVERLOADED"));
  await failed.reached(1);
  const told = failures.told.length;
  store.putSlice(representation, zero, [slice], 60_000);
  t.equal(failures.told.length, told, "an open circuit drops a write before it is copied");
  server.goOn();
});

const damaged: Readonly<Record<string, Buffer>> = {
  "garbage of 1 byte": Buffer.from("x"),
  "garbage of 64 KiB": Buffer.alloc(64 * KiB, 0xaa),
  "an empty value": Buffer.alloc(0),
  "a truncated envelope": encodeEnvelope(`${representation.name}#0`, [body]).subarray(0, -1),
  "another version's envelope": Buffer.concat([
    Buffer.from("MDL0"),
    encodeEnvelope(`${representation.name}#0`, [body]).subarray(4),
  ]),
  "another slice's envelope": encodeEnvelope(`${representation.name}#1`, [body]),
  ...Object.fromEntries(
    Object.entries(changedParts).map(([part, change]) => [
      `an envelope with another ${part}`,
      encodeEnvelope(`${representationOf(change).name}#0`, [body]),
    ]),
  ),
};

t.test("what is not an envelope of exactly this slice is a miss, and told as STORE_CORRUPT", async (t) => {
  const setup = await connected(t);
  const { redis } = adminOf(t, setup);
  await redis.set(sliceKey, encodeEnvelope(`${representation.name}#0`, [body]));
  t.strictSame(await setup.store.getSlice(representation, zero), body, "the honest one is a hit");
  for (const [what, value] of Object.entries(damaged)) {
    await redis.set(sliceKey, value);
    setup.failures.told.length = 0;
    t.equal(await setup.store.getSlice(representation, zero), undefined, what);
    t.strictSame(setup.failures.told, value.length === 0 ? setup.failures.told : ["get-slice STORE_CORRUPT"]);
  }
  t.equal(setup.store.state, "closed", "Redis itself is well");
});

t.test("a stored response that is garbage, or no JSON in a right envelope, is a miss", async (t) => {
  const setup = await connected(t);
  const { redis } = adminOf(t, setup);
  const key = representation.cacheKey;
  for (const value of [Buffer.from("garbage"), encodeEnvelope(key, [Buffer.from("{")])]) {
    await redis.set(responseKey, value);
    t.equal(await setup.store.getResponse(key), undefined);
  }
  await redis.set(responseKey, encodeEnvelope("http://example.com/b", [Buffer.from("{}")]));
  t.equal(await setup.store.getResponse(key), undefined, "another key's");
});

t.test("a key of another type is a miss", async (t) => {
  const setup = await connected(t);
  const { redis } = adminOf(t, setup);
  await redis.lpush(sliceKey, "x");
  t.equal(await setup.store.getSlice(representation, zero), undefined);
  t.strictSame(setup.failures.told, ["get-slice STORE_DOWN"]);
});

t.test("everything is put with a TTL: slices as told, responses twice their lifetime", async (t) => {
  const setup = await connected(t);
  const { redis } = adminOf(t, setup);
  const stored = answeredByRedis("put-response");
  await putSlice(setup);
  setup.store.putResponse(storedResponseOf({ lifetimeMs: 3_600_000 }));
  await stored.reached(1);
  const sliceMs = await redis.pttl(sliceKey);
  const responseMs = await redis.pttl(responseKey);
  t.ok(sliceMs > 50_000 && sliceMs <= 60_000, `slice: ${sliceMs} ms`);
  t.ok(responseMs > 7_190_000 && responseMs <= 7_200_000, `response: ${responseMs} ms`);
  setup.store.putResponse(storedResponseOf({ lifetimeMs: 0 }));
  await stored.reached(2);
  stored.stop();
  const shortMs = await redis.pttl(responseKey);
  t.ok(shortMs > 50_000 && shortMs <= 60_000, `never fresh, still to be validated: ${shortMs} ms`);
  t.strictSame((await redis.keys("*")).sort(), [responseKey, sliceKey].sort());
});

t.test("hasSlices() needs every slice of the span, at most 1024, and answers no when hung", async (t) => {
  const setup = await connected(t);
  const { store, server } = setup;
  const { redis } = adminOf(t, setup);
  const has = (first: number, end: number) =>
    store.hasSlices(representation, { first: sliceIndex(first), end: sliceIndex(end) });
  const keys = Array.from({ length: 1025 }, (_, at) => `mandoline:slice:${representation.digest}:${at}`);
  await redis.mset(keys.filter((_, at) => at !== 1).flatMap((key) => [key, "x"]));
  t.equal(await has(0, 1), true);
  t.equal(await has(0, 2), false, "slice 1 is missing");
  t.equal(await has(2, 1025), true, "1023 of them");
  await redis.set(keys[1] as string, "x");
  t.equal(await has(0, 1024), true);
  t.equal(await has(0, 1025), false, "more than it asks for");
  server.hang();
  t.equal(await within(t, () => has(0, 2)), false);
  server.goOn();
});
