// Floor 6. What must hold between options; what holds for one alone stands in `schema.ts`.

import type { Config } from "./config.ts";
import { formatDuration, formatSize } from "./quantities.ts";

/** A rule between options: the message points at the one of `names` that was set last. */
export interface Rule {
  readonly names: readonly string[];
  /** What was expected and what was got; undefined when the rule holds. */
  readonly broken: (config: Config) => string | undefined;
}

/** One being sent, one being filled and two ahead; with less, every fill would wait for a reader. */
const slicesMin = 4;

/** All rules between options. */
export const rules: readonly Rule[] = [
  {
    names: ["memory.max_bytes", "slice_size"],
    broken: ({ memoryBytesMax, sliceBytes }) =>
      memoryBytesMax >= slicesMin * sliceBytes
        ? undefined
        : `expected memory.max_bytes to hold at least ${slicesMin} slices of slice_size ` +
          `(${slicesMin} × ${formatSize(sliceBytes)}), got ${formatSize(memoryBytesMax)}`,
  },
  {
    names: ["retry_backoff.first", "retry_backoff.max"],
    broken: ({ retryBackoff: { firstMs, maxMs } }) =>
      firstMs <= maxMs
        ? undefined
        : `expected retry_backoff.first to be at most retry_backoff.max (${formatDuration(maxMs)}), ` +
          `got ${formatDuration(firstMs)}`,
  },
];
