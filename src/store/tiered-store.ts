// Floor 3a. Memory over the far tier: what is found far is promoted, what is filled near is written behind.

import { bytesReceived } from "../base/channels.ts";
import { type SliceIndex, sliceIndex } from "../base/units.ts";
import type { ByteRange } from "../http/byte-range.ts";
import type { Representation } from "../slice/representation.ts";
import type { SliceBuffer } from "../slice/slice-buffer.ts";
import { sliceRange, slicesOf } from "../slice/slice-grid.ts";
import type { StoredResponse } from "../slice/stored-response.ts";
import type { MemoryStore } from "./memory-store.ts";
import { type FarStore, keepMsOf } from "./store.ts";

export class TieredStore {
  readonly near: MemoryStore;
  readonly far: FarStore | undefined;

  constructor(near: MemoryStore, far: FarStore | undefined) {
    this.near = near;
    this.far = far;
  }

  /** From the far tier, promoted; the caller has looked into the near one without waiting. */
  async promoteResponse(cacheKey: string): Promise<StoredResponse | undefined> {
    const found = await this.far?.getResponse(cacheKey);
    // Stored meanwhile, it is the newer one.
    const nearer = this.near.getResponse(cacheKey);
    if (nearer) return nearer;
    if (found) this.near.putResponse(found);
    return found;
  }

  putResponse(stored: StoredResponse): void {
    this.near.putResponse(stored);
    this.far?.putResponse(stored);
  }

  /** Its slices can stay: nothing leads to them but a response of the same version. */
  deleteResponse(cacheKey: string): void {
    this.near.deleteResponse(cacheKey);
    this.far?.deleteResponse(cacheKey);
  }

  /** All bytes of a slice from the far tier, or undefined. */
  async getFarSlice(representation: Representation, index: SliceIndex): Promise<Buffer | undefined> {
    const body = await this.far?.getSlice(representation, index);
    if (body) bytesReceived.publish({ from: "redis", bytes: body.length });
    return body;
  }

  /**
   * Whether a range can be answered from both tiers together, as things stand.
   *
   * @param range half-open, not empty, inside the representation
   */
  async hasRange(representation: Representation, range: ByteRange): Promise<boolean> {
    const { first, end } = slicesOf(representation, range);
    for (let index = first; index < end; index = sliceIndex(index + 1)) {
      const cell = sliceRange(representation, index);
      const part = { start: Math.max(cell.start, range.start), end: Math.min(cell.end, range.end) };
      if (this.near.getSlice(representation, index)?.has(part)) continue;
      // What is not near must be far, from here to the end: asked for at once.
      return (await this.far?.hasSlices(representation, { first: index, end })) ?? false;
    }
    return true;
  }

  /** A slice that the origin filled is complete. */
  putFarSlice(slice: SliceBuffer, lifetimeMs: number): void {
    this.far?.putSlice(slice.representation, slice.index, slice.bytes(), keepMsOf(lifetimeMs));
  }
}
