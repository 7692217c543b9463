// Floor 3a. The far tier: Redis, shared by nodes. Single-key commands only, so that Redis Cluster works. Two
// connections, because a small GET behind 1 MB bodies waits long. A breaker stands before it; whatever fails is a miss.

import { Redis } from "ioredis";
import { Breaker } from "../base/breaker.ts";
import { type BreakerState, farStoreAnswered, farStoreFailed } from "../base/channels.ts";
import type { Clock } from "../base/clock.ts";
import { MandolineError, messageOf } from "../base/errors.ts";
import { MiB, type SliceIndex } from "../base/units.ts";
import { decodeEnvelope, encodeEnvelope } from "../slice/codec.ts";
import type { Representation } from "../slice/representation.ts";
import type { SliceSpan } from "../slice/slice-grid.ts";
import type { StoredResponse } from "../slice/stored-response.ts";
import { type FarStore, keepMsOf } from "./store.ts";

/** A command that takes longer has lost against the origin. */
const COMMAND_MS_MAX = 250;
const CONNECT_MS_MAX = 500;
/** A server that owes answers and sends no byte for so long hangs. */
const SILENCE_MS_MAX = 1000;
/** Bytes written behind and not yet answered; a hung server would hold all of them in the socket. */
const WRITE_BYTES_MAX = 64 * MiB;
/** Slices asked for at once by `hasSlices`; a longer span is answered no, which costs only a word in a header. */
const HAS_SLICES_MAX = 1024;

const CONNECTION = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  commandTimeout: COMMAND_MS_MAX,
  // A command that was given up leaves its bytes in the socket; a server that hangs loses the connection with them.
  socketTimeout: SILENCE_MS_MAX,
  connectTimeout: CONNECT_MS_MAX,
  retryStrategy: (times: number) => Math.min(100 * 2 ** Math.min(times, 5), 2000),
};

export class RedisStore implements FarStore {
  readonly #metadata: Redis;
  readonly #bodies: Redis;
  readonly #breaker: Breaker;
  readonly #clock: Clock;
  #writeBytes = 0;

  /** @param url `redis://…` or `rediss://…`; connecting goes on in the background */
  constructor(url: string, clock: Clock) {
    this.#clock = clock;
    this.#metadata = connect(url, "metadata");
    this.#bodies = connect(url, "bodies");
    this.#breaker = new Breaker({
      name: "redis",
      errorPercent: 50,
      volumeMin: 5,
      windowMs: 5000,
      openMs: 1000,
      attemptMsMax: 2 * COMMAND_MS_MAX,
      counts: () => true,
    });
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  async getResponse(cacheKey: string): Promise<StoredResponse | undefined> {
    const body = await this.#get("get-response", this.#metadata, responseKey(cacheKey), cacheKey);
    if (!body) return undefined;
    return this.#ask("parse-response", async () => JSON.parse(body.toString()) as StoredResponse);
  }

  putResponse(stored: StoredResponse): void {
    const { cacheKey } = stored.representation;
    const envelope = encodeEnvelope(cacheKey, [Buffer.from(JSON.stringify(stored))]);
    this.#put("put-response", this.#metadata, responseKey(cacheKey), envelope, keepMsOf(stored.lifetimeMs));
  }

  deleteResponse(cacheKey: string): void {
    void this.#ask("delete-response", () => this.#metadata.del(responseKey(cacheKey)));
  }

  getSlice(representation: Representation, index: SliceIndex): Promise<Buffer | undefined> {
    const key = sliceKey(representation, index);
    return this.#get("get-slice", this.#bodies, key, sliceName(representation, index));
  }

  async hasSlices(representation: Representation, span: SliceSpan): Promise<boolean> {
    if (span.end - span.first > HAS_SLICES_MAX) return false;
    const pipeline = this.#metadata.pipeline();
    for (let index = span.first as number; index < span.end; index += 1) {
      pipeline.exists(sliceKey(representation, index as SliceIndex));
    }
    const replies = await this.#ask("has-slices", () => pipeline.exec());
    return replies?.every(([error, count]) => !error && count === 1) ?? false;
  }

  putSlice(representation: Representation, index: SliceIndex, body: readonly Buffer[], keepMs: number): void {
    if (this.#breaker.state === "open") return;
    const envelope = encodeEnvelope(sliceName(representation, index), body);
    this.#put("put-slice", this.#bodies, sliceKey(representation, index), envelope, keepMs);
  }

  async close(): Promise<void> {
    this.#breaker.close();
    this.#metadata.disconnect();
    this.#bodies.disconnect();
  }

  async #get(operation: string, redis: Redis, key: string, name: string): Promise<Buffer | undefined> {
    const envelope = await this.#ask(operation, () => redis.getBuffer(key));
    if (!envelope) return undefined;
    const decoded = decodeEnvelope(envelope, name);
    if (decoded.ok) return decoded.body;
    const cause = new MandolineError("STORE_CORRUPT", `Reading ${key} from Redis: ${decoded.why}`, {
      source: "store",
    });
    farStoreFailed.publish({ operation, code: cause.code, cause });
    return undefined;
  }

  #put(operation: string, redis: Redis, key: string, envelope: Buffer, keepMs: number): void {
    if (this.#writeBytes + envelope.length > WRITE_BYTES_MAX) {
      const cause = new MandolineError(
        "OVERLOADED",
        `Writing ${key} behind: expected at most ${WRITE_BYTES_MAX} bytes under way, got ${this.#writeBytes}`,
        { source: "store" },
      );
      farStoreFailed.publish({ operation, code: cause.code, cause });
      return;
    }
    this.#writeBytes += envelope.length;
    void this.#ask(operation, () => redis.psetex(key, Math.round(keepMs), envelope)).then(() => {
      this.#writeBytes -= envelope.length;
    });
  }

  /** The one place where what Redis can't do becomes a miss. */
  async #ask<T>(operation: string, command: () => Promise<T>): Promise<T | undefined> {
    const startedMs = this.#clock.monotonicMs();
    try {
      const reply = await this.#breaker.run(command);
      farStoreAnswered.publish({ operation, durationMs: this.#clock.monotonicMs() - startedMs });
      return reply;
    } catch (cause) {
      farStoreFailed.publish({ operation, code: "STORE_DOWN", cause });
      return undefined;
    }
  }
}

function connect(url: string, use: string): Redis {
  const redis = new Redis(url, { ...CONNECTION, connectionName: `mandoline-${use}` });
  redis.on("error", (cause: unknown) => {
    const error = new MandolineError("STORE_DOWN", `Connecting to Redis (${use}): ${messageOf(cause)}`, {
      source: "store",
      cause,
    });
    farStoreFailed.publish({ operation: "connect", code: error.code, cause: error });
  });
  return redis;
}

function responseKey(cacheKey: string): string {
  return `mandoline:response:${cacheKey}`;
}

function sliceKey(representation: Representation, index: SliceIndex): string {
  return `mandoline:slice:${representation.digest}:${index}`;
}

function sliceName(representation: Representation, index: SliceIndex): string {
  return `${representation.name}#${index}`;
}
