// Representations, stored responses and filled slices of tests: whole values, of which a test changes what it is about.

import { epochMs, type SliceIndex, sliceIndex } from "../../src/base/units.ts";
import { expectedBytes } from "../../src/cli/demo/known-bytes.ts";
import type { ByteRange } from "../../src/http/byte-range.ts";
import { PAGE_BYTES, type PagePool } from "../../src/slice/page-pool.ts";
import { PageRun } from "../../src/slice/page-run.ts";
import { nameRepresentation, type Representation } from "../../src/slice/representation.ts";
import type { SliceBuffer } from "../../src/slice/slice-buffer.ts";
import type { StoredResponse } from "../../src/slice/stored-response.ts";

export type RepresentationParts = Omit<Representation, "name" | "digest">;

/** Two slices of 4 pages and a short one of 1.5 pages. */
export const wholeParts: RepresentationParts = {
  cacheKey: "http://example.com/a",
  variant: "",
  validator: { kind: "entity-tag", text: '"v1"' },
  contentCoding: "identity",
  completeLength: 9.5 * PAGE_BYTES,
  sliceBytes: 4 * PAGE_BYTES,
};

/** Each part of a name, changed alone. */
export const changedParts: Readonly<Record<string, Partial<RepresentationParts>>> = {
  "cache key": { cacheKey: "http://example.com/b" },
  variant: { variant: "accept-language=de" },
  "entity tag": { validator: { kind: "entity-tag", text: '"v2"' } },
  "kind of validator": { validator: { kind: "last-modified", text: '"v1"' } },
  "content coding": { contentCoding: "gzip" },
  "complete length": { completeLength: 9.5 * PAGE_BYTES - 1 },
  "slice size": { sliceBytes: 2 * PAGE_BYTES },
};

export function representationOf(parts: Partial<RepresentationParts> = {}): Representation {
  return nameRepresentation({ ...wholeParts, ...parts });
}

export function storedResponseOf(parts: Partial<StoredResponse> = {}): StoredResponse {
  return {
    representation: representationOf(),
    fields: ["ETag", '"v1"', "Content-Type", "text/plain"],
    varyNames: [],
    respondedAt: epochMs(Date.UTC(2026, 2, 1, 8)),
    initialAgeMs: 0,
    lifetimeMs: 3_600_000,
    rangesWork: true,
    ...parts,
  };
}

/** The bytes of a range of the made-up representation, by its cache key. */
export function bytesOf(representation: Representation, { start, end }: ByteRange): Buffer {
  return expectedBytes(representation.cacheKey, start, end);
}

/** A run over a range of a slice, its pages placed; the pool must have room. */
export function placedRun(pool: PagePool, slice: SliceBuffer, range: ByteRange): PageRun {
  const run = new PageRun(slice, range);
  const pages = pool.tryReserve(Math.ceil((range.end - range.start) / PAGE_BYTES));
  if (!pages) throw new Error("expected room for a run, got none");
  run.place(pages);
  return run;
}

/** Fills a range of a slice with its right bytes. */
export function fillSlice(pool: PagePool, slice: SliceBuffer, range: ByteRange = slice.range): void {
  const run = placedRun(pool, slice, range);
  run.write(bytesOf(slice.representation, range));
  run.finish();
}

export function indices(end: number): SliceIndex[] {
  return Array.from({ length: end }, (_, at) => sliceIndex(at));
}
