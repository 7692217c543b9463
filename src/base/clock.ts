// Floor 0. The only file that reads a clock or sets a timer for waiting; tests put a fake one in its place.

import { setTimeout as delay } from "node:timers/promises";
import { type EpochMs, epochMs } from "./units.ts";

export interface Clock {
  /** Wall clock: for HTTP dates and ages; may step. */
  now(): EpochMs;
  /** Milliseconds that only grow: for latencies and deadlines. */
  monotonicMs(): number;
  /** Resolves after `waitMs`, rejects with the signal's reason when it aborts first. */
  sleep(waitMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls once after `waitMs`. @returns the way to call it off */
  after(waitMs: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => epochMs(Date.now()),
  monotonicMs: () => performance.now(),
  sleep: (waitMs, signal) => delay(waitMs, undefined, signal ? { signal } : {}),
  after: (waitMs, call) => {
    const timer = setTimeout(call, waitMs);
    return () => clearTimeout(timer);
  },
};
