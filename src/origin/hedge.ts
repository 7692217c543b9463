// Floor 3b. Hedging: a second request beside one whose head is late. Only after enough is known of how long heads take,
// and under a token budget, so that a slow origin is not asked twice for everything. Ranged sub-requests only.

import { subrequestHedged } from "../base/channels.ts";
import type { Clock } from "../base/clock.ts";
import { MandolineError } from "../base/errors.ts";
import type { Exchange } from "./exchange.ts";

/** Heads seen before the first hedge: below, a 95th percentile says little. */
const SAMPLES_MIN = 100;
const SAMPLES_MAX = 512;
/** The 95th percentile is sorted out anew after this many samples. */
const RECOMPUTE_EVERY = 32;
/** Hedges that may be saved up for a burst. */
const TOKENS_MAX = 10;

/** The latest head latencies, and when a head is late. */
export class HeadLatencies {
  readonly #samples: number[] = [];
  #next = 0;
  #seen = 0;
  #lateMs: number | undefined;

  add(headMs: number): void {
    this.#samples[this.#next] = headMs;
    this.#next = (this.#next + 1) % SAMPLES_MAX;
    this.#seen += 1;
    if (this.#seen < SAMPLES_MIN || (this.#lateMs !== undefined && this.#seen % RECOMPUTE_EVERY > 0)) return;
    const sorted = this.#samples.toSorted((a, b) => a - b);
    this.#lateMs = sorted[Math.floor(sorted.length * 0.95)];
  }

  /** 95th percentile in milliseconds; undefined until there are samples enough. */
  get lateMs(): number | undefined {
    return this.#lateMs;
  }
}

export class Hedger {
  readonly #latencies: HeadLatencies = new HeadLatencies();
  readonly #share: number;
  readonly #clock: Clock;
  #tokens = 0;

  /** @param budgetPercent hedges per 100 requests; 0 for none */
  constructor(budgetPercent: number, clock: Clock) {
    this.#share = budgetPercent / 100;
    this.#clock = clock;
  }

  /**
   * The first head to come. The loser is aborted before a byte of its body is read.
   *
   * @param openAnother undefined when there is no place for a second request now
   */
  async open(
    open: () => Promise<Exchange>,
    openAnother: () => Promise<Exchange> | undefined,
  ): Promise<Exchange> {
    this.#tokens = Math.min(TOKENS_MAX, this.#tokens + this.#share);
    const first = open();
    const lateMs = this.#latencies.lateMs;
    const winner =
      lateMs === undefined || this.#tokens < 1 ? await first : await this.#race(first, lateMs, openAnother);
    this.#latencies.add(winner.head.headMs);
    return winner;
  }

  async #race(
    first: Promise<Exchange>,
    lateMs: number,
    openAnother: () => Promise<Exchange> | undefined,
  ): Promise<Exchange> {
    const arrived = new AbortController();
    const late = this.#clock.sleep(lateMs, arrived.signal).then(
      () => "late" as const,
      () => "late" as const,
    );
    const early = await Promise.race([first, late]).finally(() => arrived.abort());
    if (early !== "late") return early;
    const second = openAnother();
    if (!second) return first;
    this.#tokens -= 1;
    const { exchange: winner, won } = await Promise.any([
      first.then((exchange) => ({ exchange, won: false })),
      second.then((exchange) => ({ exchange, won: true })),
    ]).catch(async () => ({ exchange: await first, won: false }));
    for (const other of [first, second]) {
      other.then(
        (exchange) => exchange !== winner && exchange.abort(lost()),
        () => undefined,
      );
    }
    subrequestHedged.publish({ won });
    return winner;
  }
}

function lost(): MandolineError {
  return new MandolineError("CANCELLED", "Hedging a sub-request: the other one was first", {
    source: "self",
  });
}
