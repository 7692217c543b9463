// Floor 3a. What a tier that lies farther than memory promises. It is never a dependency: whatever goes wrong in it is
// told on a channel and looks like a miss.

import type { SliceIndex } from "../base/units.ts";
import type { Representation } from "../slice/representation.ts";
import type { SliceSpan } from "../slice/slice-grid.ts";
import type { StoredResponse } from "../slice/stored-response.ts";

export interface FarStore {
  /** @returns undefined when it has none, or has none within its deadline */
  getResponse(cacheKey: string): Promise<StoredResponse | undefined>;
  /** Written behind: the caller does not wait, and a slow store drops it. */
  putResponse(stored: StoredResponse): void;
  deleteResponse(cacheKey: string): void;
  /** @returns all bytes of the slice, checked, or undefined */
  getSlice(representation: Representation, index: SliceIndex): Promise<Buffer | undefined>;
  /** Whether every slice of the span is there now. */
  hasSlices(representation: Representation, span: SliceSpan): Promise<boolean>;
  /** Written behind; `body` is copied before it returns. @param keepMs how long it is worth keeping */
  putSlice(representation: Representation, index: SliceIndex, body: readonly Buffer[], keepMs: number): void;
  close(): Promise<void>;
}

/** How long the far tier keeps what is fresh for `lifetimeMs`: as long again, so that it can still be validated. */
export function keepMsOf(lifetimeMs: number): number {
  return Math.max(60_000, 2 * lifetimeMs);
}
