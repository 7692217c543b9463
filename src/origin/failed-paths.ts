// Floor 3b. One URL that fails must not shut an origin: its failing statuses count once in a window. A connection that
// can't be made says nothing of the URL, and does not come here.

/** At most so many URLs are remembered as having failed inside a window; beyond, the oldest counts anew. */
const FAILED_PATHS_MAX = 1000;

export class FailedPaths {
  readonly #windowMs: number;
  /** When each was last counted, the oldest first. */
  readonly #countedAtMs: Map<string, number> = new Map();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /**
   * A path failed.
   *
   * @param nowMs monotonic
   * @returns whether it counts: the first of this path within the window
   */
  note(path: string, nowMs: number): boolean {
    const lastMs = this.#countedAtMs.get(path);
    if (lastMs !== undefined && nowMs - lastMs < this.#windowMs) return false;
    this.#countedAtMs.delete(path);
    this.#countedAtMs.set(path, nowMs);
    const [oldest] = this.#countedAtMs.keys();
    if (this.#countedAtMs.size > FAILED_PATHS_MAX && oldest !== undefined) this.#countedAtMs.delete(oldest);
    return true;
  }
}
