// A clock that stands still until a test moves it.

import type { Clock } from "../../src/base/clock.ts";
import { type EpochMs, epochMs } from "../../src/base/units.ts";

interface Sleeper {
  readonly wakeMs: number;
  readonly wake: () => void;
}

export class FakeClock implements Clock {
  #elapsedMs = 0;
  #stepMs: number;
  #sleepers: Sleeper[] = [];
  #watchers: { readonly count: number; readonly resolve: () => void }[] = [];

  /** @param startMs wall clock at the start; 2026-03-01T08:00:00Z unless told */
  constructor(startMs: number = Date.UTC(2026, 2, 1, 8)) {
    this.#stepMs = startMs;
  }

  now(): EpochMs {
    return epochMs(this.#stepMs + this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  sleep(waitMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#remove(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        wakeMs: this.#elapsedMs + waitMs,
        wake: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#add(sleeper);
    });
  }

  after(waitMs: number, call: () => void): () => void {
    const sleeper: Sleeper = { wakeMs: this.#elapsedMs + waitMs, wake: call };
    this.#add(sleeper);
    return () => this.#remove(sleeper);
  }

  #add(sleeper: Sleeper): void {
    this.#sleepers.push(sleeper);
    for (const { count, resolve } of this.#watchers) if (count <= this.#sleepers.length) resolve();
    this.#watchers = this.#watchers.filter(({ count }) => count > this.#sleepers.length);
  }

  #remove(sleeper: Sleeper): void {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
  }

  /** How long each sleeper still sleeps, soonest first. */
  get sleepingMs(): number[] {
    return this.#sleepers.map(({ wakeMs }) => wakeMs - this.#elapsedMs).sort((a, b) => a - b);
  }

  /** Resolves when so many sleep at once. */
  asleep(count: number): Promise<void> {
    if (count <= this.#sleepers.length) return Promise.resolve();
    return new Promise((resolve) => this.#watchers.push({ count, resolve }));
  }

  /** Moves both clocks on, waking sleepers in order, each before the next one's time comes. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#elapsedMs + ms;
    for (;;) {
      const next = this.#sleepers.toSorted((a, b) => a.wakeMs - b.wakeMs)[0];
      if (!next || next.wakeMs > endMs) break;
      this.#elapsedMs = Math.max(this.#elapsedMs, next.wakeMs);
      this.#remove(next);
      next.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#elapsedMs = endMs;
  }

  /** Moves the wall clock alone, back too. */
  step(ms: number): void {
    this.#stepMs += ms;
  }
}
