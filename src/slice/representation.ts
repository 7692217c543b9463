// Floor 2. The name under which slices live. Two responses share slices only when everything in the name is equal, so
// versions can't mix: in memory, in Redis, or between nodes.

import { createHash } from "node:crypto";
import type { SliceGrid } from "./slice-grid.ts";

/**
 * A validator that tells any two versions apart: a strong entity tag, else a Last-Modified that RFC 9110 §8.8.2.2
 * lets count as strong. `text` is the field value as the origin sent it, quotes included.
 */
export interface StrongValidator {
  readonly kind: "entity-tag" | "last-modified";
  readonly text: string;
}

/** One version of one variant, cut at one slice size. A plain value; also the grid of its slices. */
export interface Representation extends SliceGrid {
  readonly cacheKey: string;
  /** Normalised values of the fields that Vary names; empty without Vary. */
  readonly variant: string;
  readonly validator: StrongValidator;
  /** Content-Encoding, lower case; `identity` without one. */
  readonly contentCoding: string;
  readonly completeLength: number;
  readonly sliceBytes: number;
  /** All of the above in one string: equal if and only if the representations are. */
  readonly name: string;
  /** SHA-256 of the name: what stores use as a key. */
  readonly digest: string;
}

export function nameRepresentation(parts: Omit<Representation, "name" | "digest">): Representation {
  const { cacheKey, variant, validator, contentCoding, completeLength, sliceBytes } = parts;
  const name = JSON.stringify([
    cacheKey,
    variant,
    validator.kind,
    validator.text,
    contentCoding,
    completeLength,
    sliceBytes,
  ]);
  const digest = createHash("sha256").update(name).digest("base64url");
  return { cacheKey, variant, validator, contentCoding, completeLength, sliceBytes, name, digest };
}
