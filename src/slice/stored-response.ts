// Floor 2. What is kept of a response besides its bytes: the head, and what says how long it is fresh. A plain,
// cloneable value; its slices are found by the representation's name.

import type { EpochMs } from "../base/units.ts";
import type { FieldLines } from "../http/fields.ts";
import type { Representation } from "./representation.ts";

export interface StoredResponse {
  readonly representation: Representation;
  /** End-to-end fields of the whole representation: nothing that speaks of a part, no Age. */
  readonly fields: FieldLines;
  /** Names of the fields that Vary nominates, lower case; they select the variant in `representation`. */
  readonly varyNames: readonly string[];
  readonly respondedAt: EpochMs;
  /** Age when it arrived (RFC 9111 §4.2.3, corrected_initial_age). */
  readonly initialAgeMs: number;
  readonly lifetimeMs: number;
  /** False once the origin answered a range with the whole representation. */
  readonly rangesWork: boolean;
}

/** RFC 9111 §4.2.3; never negative, also when the wall clock stepped back. */
export function currentAgeMs(stored: StoredResponse, now: EpochMs): number {
  return stored.initialAgeMs + Math.max(0, now - stored.respondedAt);
}

/** RFC 9111 §4.2. */
export function isFresh(stored: StoredResponse, now: EpochMs): boolean {
  return currentAgeMs(stored, now) < stored.lifetimeMs;
}

/** Bytes that the value costs in memory, near enough for a bound: text twice over, and the objects around it. */
export function storedResponseBytes(stored: StoredResponse): number {
  let characters = 2 * stored.representation.name.length;
  for (const text of stored.fields) characters += text.length;
  return 512 + 2 * characters;
}
