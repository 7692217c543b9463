// Floor 4. A lane: the whole representation as one stream, cut into slices as it passes. It is what an origin that does
// not know ranges leaves, and what a plain GET began. It goes no farther ahead than its readers' windows reach, and ends
// at a slice boundary when nobody reads, or when parallel runs have what comes next.

import { bytesReceived, sliceMet } from "../base/channels.ts";
import { isMandolineError, MandolineError, messageOf } from "../base/errors.ts";
import { Listeners } from "../base/listeners.ts";
import { conditionOf, refusalOfWhole } from "../origin/acceptance.ts";
import type { Exchange } from "../origin/exchange.ts";
import { PAGE_BYTES } from "../slice/page-pool.ts";
import { PageRun, type Supply } from "../slice/page-run.ts";
import type { SliceBuffer } from "../slice/slice-buffer.ts";
import { sliceAt } from "../slice/slice-grid.ts";
import { type Filler, ROOM_MS_MAX } from "./fill.ts";
import type { Asking, Space } from "./space.ts";

export interface LaneOptions {
  readonly space: Space;
  readonly filler: Filler;
  readonly asking: Asking;
  /** The stream, if it is here already. */
  readonly exchange: Exchange | undefined;
}

/** The slice that passes now, and those runs of it that take what passes; the rest is here already. */
interface Passing {
  readonly slice: SliceBuffer;
  readonly runs: readonly PageRun[];
}

export class Lane implements Supply {
  readonly changed: Listeners = new Listeners();
  readonly ended: Listeners = new Listeners();
  readonly isForgivable = true;
  failure: MandolineError | undefined;
  /** Everything before it has passed. */
  position = 0;
  readonly #options: LaneOptions;
  readonly #paced: Listeners = new Listeners();
  readonly #cancelled: AbortController = new AbortController();
  #passing: Passing | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    // At once, so that no reader starts a run for what this stream already brings.
    if (options.exchange) this.#passing = this.#claim();
    void this.#pass();
  }

  /** A reader moved or left. */
  pace(): void {
    this.#paced.callAll();
  }

  async #pass(): Promise<void> {
    let exchange = this.#options.exchange;
    try {
      exchange ??= await this.#open();
      await this.#cut(exchange);
    } catch (cause) {
      this.failure = isMandolineError(cause) ? cause : failed(cause);
    }
    const leftover = this.failure ?? ended();
    exchange?.abort(leftover);
    if (this.#passing) this.#settle(this.#passing, leftover);
    this.ended.callAll();
    this.changed.callAll();
  }

  /** The stream for a representation that is known: it must still be that one. */
  async #open(): Promise<Exchange> {
    const { space, filler, asking } = this.#options;
    const { representation } = space;
    const exchange = await filler.origin.open({
      request: {
        method: "GET",
        path: asking.target,
        fields: [...asking.fields, ...conditionOf(representation.validator)],
      },
      priority: () => "awaited",
      signal: this.#cancelled.signal,
      slot: "until-head",
    });
    const refusal = refusalOfWhole(exchange.head, representation);
    if (!refusal) return exchange;
    exchange.discard();
    throw refusal;
  }

  async #cut(exchange: Exchange): Promise<void> {
    const { completeLength } = this.#options.space.representation;
    for await (const chunk of exchange.chunks()) {
      bytesReceived.publish({ from: "origin", bytes: chunk.length });
      for (let from = 0; from < chunk.length; ) {
        if (this.position === completeLength) throw wrongLength("ORIGIN_BODY_LONG", completeLength, "more");
        if (!(await this.#enter())) return;
        from += this.#give(chunk.subarray(from));
      }
      this.changed.callAll();
    }
    if (this.position < completeLength) {
      throw wrongLength("ORIGIN_BODY_SHORT", completeLength, `its end at ${this.position}`);
    }
  }

  /** Makes sure that a slice takes the next bytes. @returns false when there is no reason to go on */
  async #enter(): Promise<boolean> {
    const { space, filler } = this.#options;
    if (!this.#passing) {
      for (;;) {
        const until = space.wantedUntil();
        if (until === undefined) return false;
        if (until > this.position) break;
        await new Promise<void>((resolve) => this.#paced.once(resolve));
      }
      this.#passing = this.#claim();
      if (space.rangesWork && this.#passing.runs.length === 0) return false;
    }
    for (const run of this.#passing.runs) {
      if (run.placed || run.failure) continue;
      const pageCount = Math.ceil((run.range.end - run.range.start) / PAGE_BYTES);
      run.place(await filler.pool.reserve(pageCount, ROOM_MS_MAX));
      sliceMet.publish({ outcome: "origin", bytes: run.range.end - run.range.start });
    }
    return true;
  }

  /** Takes what is missing of the slice at the position, before anybody else does. */
  #claim(): Passing {
    const { space } = this.#options;
    const slice = space.openSlice(sliceAt(space.representation, this.position));
    const runs = slice.missing(slice.range).map((range) => new PageRun(slice, range, true));
    for (const run of runs) run.awaited = true;
    return { slice, runs };
  }

  /** Hands on what belongs to the slice that passes. @returns how many bytes that was */
  #give(chunk: Buffer): number {
    const { slice, runs } = this.#passing as Passing;
    const count = Math.min(chunk.length, slice.range.end - this.position);
    const end = this.position + count;
    for (const run of runs) {
      if (run.watermark >= end || run.range.end <= this.position) continue;
      const from = run.watermark - this.position;
      run.write(chunk.subarray(from, Math.min(count, run.range.end - this.position)));
      if (run.done) run.finish();
    }
    this.position = end;
    if (end === slice.range.end) {
      this.#settle(this.#passing as Passing, ended());
      this.#passing = undefined;
    }
    return count;
  }

  #settle({ slice, runs }: Passing, leftover: MandolineError): void {
    const { space, filler } = this.#options;
    for (const run of runs) run.finish(leftover);
    if (space.shared && runs.length > 0 && slice.complete) filler.store.putFarSlice(slice, space.lifetimeMs);
    space.settleSlice(slice);
  }
}

function ended(): MandolineError {
  return new MandolineError("CANCELLED", "Streaming the whole: ended at a slice boundary", {
    source: "self",
  });
}

function failed(cause: unknown): MandolineError {
  return new MandolineError("INVARIANT", `Streaming the whole: ${messageOf(cause)}`, {
    source: "self",
    cause,
  });
}

function wrongLength(
  code: "ORIGIN_BODY_SHORT" | "ORIGIN_BODY_LONG",
  expected: number,
  got: string,
): MandolineError {
  return new MandolineError(code, `Streaming the whole: expected ${expected} bytes, got ${got}`, {
    source: "origin",
    // More than was said will not become less by asking again.
    advice: { retry: code === "ORIGIN_BODY_SHORT" },
  });
}
