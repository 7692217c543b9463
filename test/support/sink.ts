// An origin of ours before a scripted one, and what its runs write into.

import type { Test } from "tap";
import { systemClock } from "../../src/base/clock.ts";
import type { ByteRange } from "../../src/http/byte-range.ts";
import { Origin, type OriginOptions, type RunRequest, type Sink } from "../../src/origin/origin.ts";
import { nameRepresentation, type Representation } from "../../src/slice/representation.ts";

export class BufferSink implements Sink {
  readonly range: ByteRange;
  readonly bytes: Buffer;
  watermark: number;

  constructor(start: number, end: number) {
    this.range = { start, end };
    this.bytes = Buffer.alloc(end - start);
    this.watermark = start;
  }

  write(chunk: Buffer): void {
    chunk.copy(this.bytes, this.watermark - this.range.start);
    this.watermark += chunk.length;
  }

  /** What has been written so far. */
  get filled(): Buffer {
    return this.bytes.subarray(0, this.watermark - this.range.start);
  }
}

/** Waits before retries are nothing: the draw is 0. */
export function originBefore(t: Test, url: string, options: Partial<OriginOptions> = {}): Origin {
  const origin = new Origin({
    url: new URL(url),
    clock: systemClock,
    random: () => 0,
    subrequestsMax: 4,
    queuedMax: 100,
    retry: { retriesMax: 3, firstMs: 100, maxMs: 1600 },
    retryBudgetPercent: 20,
    hedgePercent: 0,
    connectMs: 1000,
    headMs: 60_000,
    idleMs: 60_000,
    sliceMs: 60_000,
    breaker: { errorPercent: 50, volumeMin: 1000, windowMs: 60_000, openMs: 60_000 },
    ...options,
  });
  t.teardown(() => origin.close());
  return origin;
}

/** The representation that the scripted origin serves at a path such as `/10KB/a`. */
export function servedAt(path: string, completeLength: number): Representation {
  return nameRepresentation({
    cacheKey: path,
    variant: "",
    validator: { kind: "entity-tag", text: `"${path.slice(1)}"` },
    contentCoding: "identity",
    completeLength,
    sliceBytes: 1_048_576,
  });
}

/** A run over [start, end) of `/10KB/a`. */
export function runOf(sink: BufferSink, more: Partial<RunRequest> = {}): RunRequest {
  return {
    request: { method: "GET", path: "/10KB/a", fields: [] },
    representation: servedAt("/10KB/a", 10_000),
    sink,
    priority: () => "awaited",
    signal: new AbortController().signal,
    ...more,
  };
}
