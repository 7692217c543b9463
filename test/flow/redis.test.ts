// The whole proxy with a real Redis behind its memory: what is there is not fetched, and whatever happens to it every
// response is right.

import t, { type Test } from "tap";
import { sliceMet } from "../../src/base/channels.ts";
import type { Config } from "../../src/config/config.ts";
import { type RunningProxy, startProxy } from "../../src/server/proxy.ts";
import { freePort } from "../support/child-server.ts";
import { fetchWhole } from "../support/client.ts";
import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import { type ScriptedOrigin, startOrigin } from "../support/origin.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { answeredByRedis, counted, openRedisAdmin, redisStoresReady } from "../support/redis-admin.ts";
import { flowConfig, KiB, nothingHeld, settled, sliceBytes } from "./support/flow.ts";
import { hit, miss, part, type Shown, show, whole } from "./support/shown.ts";

const path = "/512KiB/a";
const length = 512 * KiB;
const sliceRanges = ["bytes=0-131071", "bytes=131072-262143", "bytes=262144-393215", "bytes=393216-524287"];

interface Node {
  readonly proxy: RunningProxy;
  get(range?: string): Promise<Shown>;
}

class Setup {
  readonly origin: ScriptedOrigin;
  readonly redis: RedisServer;
  readonly proxies: RunningProxy[] = [];
  readonly #t: Test;

  constructor(t: Test, origin: ScriptedOrigin, redis: RedisServer) {
    this.#t = t;
    this.origin = origin;
    this.redis = redis;
  }

  /** One more proxy before the origin, with nothing in memory; its connections to Redis are up unless it is down. */
  async node(config: Partial<Config> = {}): Promise<Node> {
    const { origin, redis } = this;
    const proxy = await startProxy(flowConfig(origin.url, { redis: redis.url, ...config }));
    this.proxies.push(proxy);
    if (!config.redis) await redisStoresReady(redis.url, this.proxies.length);
    return {
      proxy,
      get: async (range) => {
        const headers = { host: "media.example", ...(range && { range: `bytes=${range}` }) };
        return show(await fetchWhole(`http://127.0.0.1:${proxy.data.port}${path}`, { headers }), path);
      },
    };
  }

  /** Has a node of its own bring the whole representation into Redis. */
  async fill(config: Partial<Config> = {}): Promise<Node> {
    const node = await this.node(config);
    const slices = answeredByRedis("put-slice");
    const response = answeredByRedis("put-response");
    this.#t.strictSame(await node.get(), whole(path, length, miss));
    await Promise.all([slices.reached(length / (config.sliceBytes ?? sliceBytes)), response.reached(1)]);
    slices.stop();
    response.stop();
    this.asked();
    return node;
  }

  /** The ranges that the origin was asked for since the last call, ascending. */
  asked(): (string | undefined)[] {
    const start = (range: string | undefined) => Number(/\d+/.exec(range ?? "")?.[0] ?? -1);
    const ranges = this.origin.log.splice(0).map(({ range }) => range);
    return ranges.sort((a, b) => start(a) - start(b));
  }
}

/** One test with an origin and a Redis of its own; at its end nothing is held by any proxy. */
function redisTest(name: string, body: (t: Test, setup: Setup) => Promise<void>): void {
  t.test(name, async (t) => {
    const setup = new Setup(t, await startOrigin(), await startRedis());
    t.teardown(async () => {
      await Promise.all(setup.proxies.map((proxy) => proxy.close()));
      await setup.origin.close();
      await setup.redis.stop();
    });
    await body(t, setup);
    const held = await Promise.all(setup.proxies.map(settled));
    t.strictSame(
      held,
      setup.proxies.map(() => nothingHeld),
      "nothing is held at the end",
    );
  });
}

redisTest(
  "a hit in Redis never touches the origin, and is promoted: it stays without Redis",
  async (t, setup) => {
    await setup.fill();
    const node = await setup.node();
    t.strictSame(await node.get("200000-300000"), part(path, 200_000, 300_000, length, hit));
    t.strictSame(await node.get(), whole(path, length, hit));
    t.strictSame(setup.asked(), []);
    await setup.redis.kill();
    t.strictSame(await node.get(), whole(path, length, hit));
    t.strictSame(await node.get("-1"), part(path, length - 1, length - 1, length, hit));
    t.strictSame(setup.asked(), []);
  },
);

redisTest("a slice that Redis has lost is fetched from the origin, the others are not", async (t, setup) => {
  await setup.fill();
  const { redis, close } = openRedisAdmin(setup.redis.url);
  t.teardown(close);
  await redis.del((await redis.keys("mandoline:slice:*:2"))[0] as string);
  const node = await setup.node();
  t.strictSame(await node.get(), whole(path, length, "mandoline; fwd=partial; stored"));
  t.strictSame(setup.asked(), [sliceRanges[2]]);
});

redisTest("Redis down at start: the origin answers, then memory", async (t, setup) => {
  const node = await setup.node({ redis: `redis://127.0.0.1:${await freePort()}` });
  t.strictSame(await node.get(), whole(path, length, miss));
  t.strictSame(setup.asked(), sliceRanges);
  t.strictSame(await node.get(), whole(path, length, hit));
  t.strictSame(setup.asked(), []);
});

redisTest(
  "Redis killed while the origin fills: the response is right, and a hit from memory after",
  async (t, setup) => {
    const node = await setup.node();
    const killed = latch();
    setup.origin.script = ({ range }) =>
      range === sliceRanges[0] ? lies.honest : lies.stalledAfter(1000, killed.opened);
    const response = node.get();
    await setup.origin.asked(2);
    await setup.redis.kill();
    killed.open();
    t.strictSame(await response, whole(path, length, miss));
    t.strictSame(setup.asked(), sliceRanges);
  },
);

redisTest("Redis killed while it is read: what it did not bring comes from the origin", async (t, setup) => {
  await setup.fill();
  const node = await setup.node();
  const fromRedis = counted(sliceMet, ({ outcome }) => outcome === "redis");
  t.teardown(fromRedis.stop);
  t.strictSame(await node.get("0-131071"), part(path, 0, 131_071, length, hit));
  await fromRedis.reached(1);
  await setup.redis.kill();
  t.match(await node.get(), { status: 200, body: `0-${length - 1}`, aborted: false });
  t.strictSame(setup.asked(), sliceRanges.slice(1), "all but the slice that was promoted");
});

redisTest("Redis hung: the origin answers", async (t, setup) => {
  await setup.fill();
  const node = await setup.node();
  setup.redis.hang();
  t.strictSame(await node.get(), whole(path, length, miss));
  t.strictSame(setup.asked(), sliceRanges);
  setup.redis.goOn();
});

redisTest("Redis restarted empty: the origin answers, and Redis is filled again", async (t, setup) => {
  const first = await setup.fill();
  await setup.redis.kill();
  await setup.redis.restart();
  const again = await setup.fill();
  const node = await setup.node();
  t.strictSame(await node.get(), whole(path, length, hit));
  t.strictSame(await first.get(), whole(path, length, hit), "from its memory");
  t.strictSame(await again.get(), whole(path, length, hit));
  t.strictSame(setup.asked(), []);
});

redisTest(
  "whatever lies in Redis in place of the slices: the right bytes, from the origin",
  async (t, setup) => {
    await setup.fill();
    const { redis, close } = openRedisAdmin(setup.redis.url);
    t.teardown(close);
    const keys = (await redis.keys("mandoline:slice:*")).sort();
    const honest = (await redis.mgetBuffer(keys)) as Buffer[];
    const flipped = (value: Buffer) => {
      const copy = Buffer.from(value);
      copy[copy.length - 1] = (copy.at(-1) as number) ^ 1;
      return copy;
    };
    const damaged: Readonly<Record<string, readonly Buffer[]>> = {
      garbage: keys.map(() => Buffer.from("garbage")),
      truncated: honest.map((value) => value.subarray(0, 1000)),
      "one bit changed": honest.map(flipped),
      "each other's": [...honest.slice(1), honest[0] as Buffer],
    };
    for (const [what, values] of Object.entries(damaged)) {
      await redis.mset(keys.flatMap((key, at) => [key, values[at] as Buffer]));
      const node = await setup.node();
      const stored = answeredByRedis("put-slice");
      t.match(await node.get(), { status: 200, body: `0-${length - 1}`, aborted: false }, what);
      t.strictSame(setup.asked(), sliceRanges, what);
      await stored.reached(4);
      stored.stop();
    }
    const healed = (await redis.mgetBuffer(keys)) as Buffer[];
    t.ok(
      healed.every((value, at) => honest[at]?.equals(value)),
      "and Redis is mended",
    );
  },
);

redisTest("garbage in place of the stored response: a miss that mends it", async (t, setup) => {
  await setup.fill();
  const { redis, close } = openRedisAdmin(setup.redis.url);
  t.teardown(close);
  await redis.set(`mandoline:response:http://media.example${path}`, "garbage");
  const first = await setup.node();
  const stored = answeredByRedis("put-response");
  t.strictSame(await first.get("0-9"), part(path, 0, 9, length, miss));
  await stored.reached(1);
  stored.stop();
  t.strictSame(setup.asked(), ["bytes=0-65535"], "the probe; slices keep their name");
  t.strictSame(await (await setup.node()).get(), whole(path, length, hit));
  t.strictSame(setup.asked(), []);
});

redisTest("another slice size in the configuration: the old slices are out of reach", async (t, setup) => {
  await setup.fill();
  await setup.fill({ sliceBytes: 2 * sliceBytes });
  const smaller = await setup.node();
  t.strictSame(await smaller.get("0-9"), part(path, 0, 9, length, miss));
  const larger = await setup.node({ sliceBytes: 4 * sliceBytes });
  t.strictSame(await larger.get(), whole(path, length, miss));
  t.strictSame(setup.asked(), ["bytes=0-65535", "bytes=0-524287"]);
});
