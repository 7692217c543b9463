// Floor 0. Wake-up without polling: those who wait leave a callback, one event calls each of them once.

/** A set of one-shot callbacks. A callback that registers again while it is called waits for the next event. */
export class Listeners {
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  once(listener: () => void): void {
    this.#waiting.push(listener);
  }

  remove(listener: () => void): void {
    const at = this.#waiting.indexOf(listener);
    if (at !== -1) this.#waiting.splice(at, 1);
  }

  callAll(): void {
    if (this.#waiting.length === 0) return;
    const called = this.#waiting;
    this.#waiting = [];
    for (const listener of called) listener();
  }
}
