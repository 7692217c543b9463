// Floor 6. The shape of a whole configuration. What each option means, its range and default: `schema.ts`.

import type { HostPort } from "./addresses.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** Plain, cloneable, complete: every default is filled in. Sizes in bytes, times in milliseconds. */
export interface Config {
  /** http(s)://host[:port][/base], no slash at its end; "" only where the caller did not require one. */
  readonly origin: string;
  readonly listen: HostPort;
  readonly admin: HostPort;
  /** redis:// or rediss:// URL; undefined means memory is the only tier. */
  readonly redis: string | undefined;
  readonly workers: number;
  readonly sliceBytes: number;
  readonly maxConcurrentSubrequests: number;
  readonly maxConcurrentSubrequestsPerOrigin: number;
  readonly maxQueuedSubrequests: number;
  readonly maxRetries: number;
  readonly cacheTtlMs: number;
  readonly slicePatterns: readonly string[];
  readonly enableCache: boolean;
  readonly memoryBytesMax: number;
  readonly metadataBytesMax: number;
  readonly metricsEndpoint: string;
  readonly purge: false;
  readonly hedging: { readonly enabled: boolean; readonly budgetPercent: number };
  readonly timeouts: {
    readonly connectMs: number;
    readonly headMs: number;
    readonly idleMs: number;
    readonly sliceMs: number;
  };
  readonly retryBackoff: { readonly firstMs: number; readonly maxMs: number };
  readonly retryBudgetPercent: number;
  readonly breaker: {
    readonly errorPercent: number;
    readonly volumeMin: number;
    readonly windowMs: number;
    readonly openMs: number;
  };
  readonly drainMs: number;
  readonly log: { readonly level: LogLevel; readonly access: boolean };
}
