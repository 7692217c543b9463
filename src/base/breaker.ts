// Floor 0. A circuit breaker (opossum) in the shape this house needs: before an origin and before Redis.
// The limiter stands outside of it and no client's signal goes in: opossum would take both for failures or successes.

import CircuitBreaker from "opossum";
import { type BreakerState, breakerChanged } from "./channels.ts";
import { MandolineError } from "./errors.ts";

export interface BreakerOptions {
  readonly name: string;
  /** Share of failures, in percent of the attempts inside the window, that opens the circuit. */
  readonly errorPercent: number;
  /** Attempts inside the window below which it never opens. */
  readonly volumeMin: number;
  readonly windowMs: number;
  /** How long it stays open before one attempt is let through. */
  readonly openMs: number;
  /** Guard over one attempt: without it a hung half-open attempt would block for ever. */
  readonly attemptMsMax: number;
  /** Which errors speak against the other side; others count as life. */
  readonly counts: (error: unknown) => boolean;
}

type Action = () => Promise<unknown>;

export class Breaker {
  readonly #circuit: CircuitBreaker<[Action], unknown>;
  readonly #options: BreakerOptions;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#circuit = new CircuitBreaker((action: Action) => action(), {
      name: options.name,
      timeout: options.attemptMsMax,
      errorThresholdPercentage: options.errorPercent,
      volumeThreshold: options.volumeMin,
      rollingCountTimeout: options.windowMs,
      resetTimeout: options.openMs,
      errorFilter: (error: unknown) => !options.counts(error),
      enableSnapshots: false,
      rollingPercentilesEnabled: false,
    });
    const tell = (state: BreakerState) => () => breakerChanged.publish({ name: options.name, state });
    this.#circuit.on("open", tell("open"));
    this.#circuit.on("halfOpen", tell("half-open"));
    this.#circuit.on("close", tell("closed"));
  }

  get state(): BreakerState {
    if (this.#circuit.opened) return "open";
    return this.#circuit.halfOpen ? "half-open" : "closed";
  }

  /**
   * Runs the action unless the circuit is open.
   *
   * @throws ORIGIN_OPEN when the circuit is open; ORIGIN_TIMEOUT when the attempt outlives its guard; what the
   * action throws otherwise
   */
  async run<T>(action: () => Promise<T>): Promise<T> {
    try {
      return (await this.#circuit.fire(action)) as T;
    } catch (cause) {
      if (!CircuitBreaker.isOurError(cause as Error)) throw cause;
      const { name, openMs, attemptMsMax } = this.#options;
      if ((cause as { code?: string }).code === "EOPENBREAKER") {
        throw new MandolineError("ORIGIN_OPEN", `Asking ${name}: its circuit breaker is open`, {
          source: "origin",
          facts: { retryAfterMs: openMs },
        });
      }
      throw new MandolineError("ORIGIN_TIMEOUT", `Asking ${name}: no answer within ${attemptMsMax} ms`, {
        source: "origin",
        advice: { retry: true },
        cause,
      });
    }
  }

  close(): void {
    this.#circuit.shutdown();
  }
}
