// Floor 3a. Memory over the far tier: what is found far is promoted, what is filled near is written behind.

import { bytesReceived } from "../base/channels.ts";
import type { SliceIndex } from "../base/units.ts";
import type { Representation } from "../slice/representation.ts";
import type { SliceBuffer } from "../slice/slice-buffer.ts";
import type { SliceSpan } from "../slice/slice-grid.ts";
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

  /** Whether the whole span can be answered from both tiers together. */
  async hasSlices(representation: Representation, span: SliceSpan): Promise<boolean> {
    let first: SliceIndex | undefined;
    for (let index = span.first; index < span.end; index = (index + 1) as SliceIndex) {
      if (this.near.getSlice(representation, index)?.complete) continue;
      first = index;
      break;
    }
    if (first === undefined) return true;
    return (await this.far?.hasSlices(representation, { first, end: span.end })) ?? false;
  }

  /** A slice that the origin filled is complete. */
  putFarSlice(slice: SliceBuffer, lifetimeMs: number): void {
    this.far?.putSlice(slice.representation, slice.index, slice.bytes(), keepMsOf(lifetimeMs));
  }
}
