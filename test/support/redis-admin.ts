// A connection of the test's own to a real Redis: looks into it, damages what lies there, and knows when the
// connections of a RedisStore are up, which the store itself tells nobody.

import { setImmediate } from "node:timers/promises";
import { Redis } from "ioredis";
import { type Channel, farStoreAnswered, farStoreFailed } from "../../src/base/channels.ts";
import { Counter } from "./latch.ts";

export interface RedisAdmin {
  readonly redis: Redis;
  close(): void;
}

export function openRedisAdmin(url: string): RedisAdmin {
  const redis = new Redis(url);
  redis.on("error", (cause: Error) => {
    throw cause;
  });
  return { redis, close: () => redis.disconnect() };
}

/** Round trips after which a connection that has said its name has its INFO answered, the last thing it waits for. */
const READY_ROUND_TRIPS = 20;

/** Resolves when both connections of so many RedisStores are ready. */
export async function redisStoresReady(url: string, stores = 1): Promise<void> {
  const admin = openRedisAdmin(url);
  const named = async () => String(await admin.redis.client("LIST")).match(/ name=mandoline-/g)?.length ?? 0;
  while ((await named()) < 2 * stores) await setImmediate();
  for (let trip = 0; trip < READY_ROUND_TRIPS; trip += 1) {
    await admin.redis.ping();
    await setImmediate();
  }
  admin.close();
}

/** Counts what a channel tells and the test asks about, until `stop`. */
export function counted<Event>(
  channel: Channel<Event>,
  matches: (event: Event) => boolean,
): Counter & { stop(): void } {
  const counter = new Counter();
  const stop = channel.subscribe((event) => {
    if (matches(event)) counter.increment();
  });
  return Object.assign(counter, { stop });
}

/** Redis has answered so many of these operations since. */
export function answeredByRedis(operation: string): Counter & { stop(): void } {
  return counted(farStoreAnswered, (event) => event.operation === operation);
}

/** The codes of what Redis could not do since, by operation. */
export function failuresOfRedis(): { readonly told: string[]; stop(): void } {
  const told: string[] = [];
  const stop = farStoreFailed.subscribe(({ operation, code }) => told.push(`${operation} ${code}`));
  return { told, stop };
}
