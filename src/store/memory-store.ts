// Floor 3a. The near tier: stored responses and slices of this process. lru-cache holds the index and decides what
// goes; the page pool's budget says when. A slice with a run in flight is active and can't be evicted.

import { LRUCache } from "lru-cache";
import { sliceEvicted } from "../base/channels.ts";
import type { SliceIndex } from "../base/units.ts";
import type { PagePool } from "../slice/page-pool.ts";
import type { Representation } from "../slice/representation.ts";
import { SliceBuffer } from "../slice/slice-buffer.ts";
import { type StoredResponse, storedResponseBytes } from "../slice/stored-response.ts";

export interface MemoryStoreOptions {
  readonly pool: PagePool;
  readonly metadataBytesMax: number;
}

export class MemoryStore {
  readonly #pool: PagePool;
  readonly #responses: LRUCache<string, StoredResponse>;
  readonly #idle: LRUCache<string, SliceBuffer>;
  readonly #active: Map<string, SliceBuffer> = new Map();
  #idleBytes = 0;

  constructor({ pool, metadataBytesMax }: MemoryStoreOptions) {
    this.#pool = pool;
    this.#responses = new LRUCache({ maxSize: metadataBytesMax, sizeCalculation: storedResponseBytes });
    this.#idle = new LRUCache({
      // A slice holds at least one page, so the pool's page count bounds the entries.
      max: pool.pagesMax,
      dispose: (slice, _key, reason) => {
        this.#idleBytes -= slice.heldBytes;
        if (reason !== "evict") return;
        sliceEvicted.publish({ bytes: slice.heldBytes });
        slice.release();
      },
    });
    pool.onPressure(() => this.#idle.pop() !== undefined);
  }

  /** Slices kept, idle and active. */
  get sliceCount(): number {
    return this.#idle.size + this.#active.size;
  }

  /** Memory of slices that could be evicted now. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  get responseCount(): number {
    return this.#responses.size;
  }

  get responseBytes(): number {
    return this.#responses.calculatedSize;
  }

  getResponse(cacheKey: string): StoredResponse | undefined {
    return this.#responses.get(cacheKey);
  }

  putResponse(stored: StoredResponse): void {
    this.#responses.set(stored.representation.cacheKey, stored);
  }

  deleteResponse(cacheKey: string): void {
    this.#responses.delete(cacheKey);
  }

  /** The slice if any of it is here, marked as just used. */
  getSlice(representation: Representation, index: SliceIndex): SliceBuffer | undefined {
    const key = sliceKey(representation, index);
    return this.#active.get(key) ?? this.#idle.get(key);
  }

  /** The slice for filling, made if it is not here: active until it is settled. */
  openSlice(representation: Representation, index: SliceIndex): SliceBuffer {
    const key = sliceKey(representation, index);
    const active = this.#active.get(key);
    if (active) return active;
    const slice = this.#idle.get(key) ?? new SliceBuffer(this.#pool, representation, index);
    this.#idle.delete(key);
    this.#active.set(key, slice);
    return slice;
  }

  /** A run of the slice ended: without another one in flight it is idle, and may go when room is needed. */
  settleSlice(slice: SliceBuffer): void {
    const key = sliceKey(slice.representation, slice.index);
    if (slice.runs.length > 0 || this.#active.get(key) !== slice) return;
    this.#active.delete(key);
    if (slice.empty) return;
    this.#idle.set(key, slice);
    this.#idleBytes += slice.heldBytes;
    this.#pool.retryWaiting();
  }
}

function sliceKey(representation: Representation, index: SliceIndex): string {
  return `${representation.digest}:${index}`;
}
