// Floor 7. One line that grows at a terminal; elsewhere only what came of it.

import type { WriteStream } from "node:tty";

/** Where a demo writes: a terminal or anything else. */
export type Screen = Pick<WriteStream, "write"> & { readonly isTTY?: boolean; readonly columns?: number };

const redrawMs = 80;
const partialBlocks = " ▏▎▍▌▋▊▉";

export class Progress {
  readonly #screen: Screen;
  readonly #label: string;
  readonly #totalBytes: number;
  readonly #startedMs = performance.now();
  #drawnMs = Number.NEGATIVE_INFINITY;

  /** @param label of a fixed width, so that bars of several stages stand below each other */
  constructor(screen: Screen, label: string, totalBytes: number) {
    this.#screen = screen;
    this.#label = label;
    this.#totalBytes = totalBytes;
    this.at(0);
  }

  /** Draws how far it is, if the last drawing is old enough to be seen. */
  at(bytes: number): void {
    const nowMs = performance.now();
    if (!this.#screen.isTTY || nowMs - this.#drawnMs < redrawMs) return;
    this.#drawnMs = nowMs;
    const seconds = (nowMs - this.#startedMs) / 1000;
    const rate = bytes === 0 ? "" : `${(bytes / 1e6 / seconds).toFixed(1)} MB/s`;
    const share = bytes / this.#totalBytes;
    const barColumns = Math.max(10, Math.min(40, (this.#screen.columns ?? 80) - this.#label.length - 24));
    const percent = `${Math.floor(share * 100)} %`.padStart(5);
    this.#screen.write(`\r${this.#label} ${bar(share, barColumns)} ${percent} ${rate.padStart(12)}\x1b[K`);
  }

  /** Puts the outcome in the bar's place. */
  end(outcome: string): void {
    this.#screen.write(
      `${this.#screen.isTTY ? "\r" : ""}${this.#label} ${outcome}${this.#screen.isTTY ? "\x1b[K" : ""}\n`,
    );
  }
}

function bar(share: number, columns: number): string {
  const eighths = Math.floor(Math.min(1, share) * columns * 8);
  const full = "█".repeat(Math.floor(eighths / 8));
  const partial = eighths % 8 === 0 ? "" : (partialBlocks[eighths % 8] ?? "");
  return `▕${(full + partial).padEnd(columns)}▏`;
}
