// Floor 3b. Concurrent sub-requests of one origin (p-limit), by priority: each ticket that comes free goes to the then
// most urgent job, not to the one that asked first. Bounded: what does not fit into the queue is refused at once.

import pLimit, { type LimitFunction } from "p-limit";
import { MandolineError } from "../base/errors.ts";

/** Most urgent first. */
export const PRIORITIES = ["awaited", "lookahead"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** A place among the sub-requests in flight. */
export class Ticket {
  readonly #giveBack: () => void;
  #used = false;

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  /** A request goes out on it: from here on its end releases it. */
  use(): void {
    this.#used = true;
  }

  /** Gives the place to the next; more than once does nothing. */
  release(): void {
    this.#giveBack();
  }

  /** Gives it back when no request went out. */
  releaseUnused(): void {
    if (!this.#used) this.#giveBack();
  }
}

interface Job {
  /** Asked anew when a ticket comes free: lookahead becomes awaited while it waits. */
  readonly priority: () => Priority;
  readonly grant: (ticket: Ticket) => void;
}

export class Limiter {
  readonly #limit: LimitFunction;
  readonly #queuedMax: number;
  readonly #jobs: Job[] = [];

  constructor({
    concurrencyMax,
    queuedMax,
  }: { readonly concurrencyMax: number; readonly queuedMax: number }) {
    this.#limit = pLimit(concurrencyMax);
    this.#queuedMax = queuedMax;
  }

  get inFlight(): number {
    return this.#limit.activeCount;
  }

  get queued(): number {
    return this.#jobs.length;
  }

  /**
   * Waits for a place.
   *
   * @param signal takes the job out of the queue; what it rejects with is the signal's reason
   * @throws ORIGIN_BUSY when too many wait
   */
  acquire(priority: () => Priority, signal: AbortSignal): Promise<Ticket> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#limit.activeCount >= this.#limit.concurrency && this.#isFull()) {
      return Promise.reject(
        new MandolineError(
          "ORIGIN_BUSY",
          `Queueing a sub-request: expected at most ${this.#queuedMax} waiting, got ${this.#jobs.length}`,
          { source: "self", facts: { queuedMax: this.#queuedMax } },
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#jobs.splice(this.#jobs.indexOf(job), 1);
        reject(signal.reason);
      };
      const job: Job = {
        priority,
        grant: (ticket) => {
          signal.removeEventListener("abort", onAbort);
          resolve(ticket);
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#jobs.push(job);
      void this.#limit(() => this.#serveNext());
    });
  }

  /** Jobs that left wait on in p-limit's own queue for their place, which they give back at once: bounded as well. */
  #isFull(): boolean {
    return this.#jobs.length >= this.#queuedMax || this.#limit.pendingCount >= 2 * this.#queuedMax;
  }

  /** A place that is free now and that nobody waits for, or undefined. */
  tryAcquire(): Ticket | undefined {
    if (this.#jobs.length > 0 || this.#limit.activeCount >= this.#limit.concurrency) return undefined;
    let giveBack = () => {};
    const held = new Promise<void>((resolve) => {
      giveBack = resolve;
    });
    void this.#limit(() => held);
    return new Ticket(giveBack);
  }

  /** Holds p-limit's place until the ticket is released; a place whose job has left is free at once. */
  #serveNext(): Promise<void> {
    const job = this.#takeMostUrgent();
    if (!job) return Promise.resolve();
    return new Promise((resolve) => job.grant(new Ticket(resolve)));
  }

  #takeMostUrgent(): Job | undefined {
    for (const priority of PRIORITIES) {
      const at = this.#jobs.findIndex((job) => job.priority() === priority);
      if (at !== -1) return this.#jobs.splice(at, 1)[0];
    }
    return undefined;
  }
}
