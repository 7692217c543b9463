// Floor 4. Fills a run from the nearest place that has it: the far store, then the origin. Memory has been asked.

import { sliceMet } from "../base/channels.ts";
import { isMandolineError, MandolineError, messageOf } from "../base/errors.ts";
import type { Exchange } from "../origin/exchange.ts";
import type { Origin } from "../origin/origin.ts";
import { PAGE_BYTES, type Page, type PagePool } from "../slice/page-pool.ts";
import { PageRun } from "../slice/page-run.ts";
import type { SliceBuffer } from "../slice/slice-buffer.ts";
import type { TieredStore } from "../store/tiered-store.ts";
import type { Asking, Space } from "./space.ts";

/** How long an awaited run waits for room before its clients are told to come back. */
export const ROOM_MS_MAX: number = 5000;

export interface RunStart {
  readonly space: Space;
  readonly run: PageRun;
  readonly asking: Asking;
  readonly first: Exchange | undefined;
}

export class Filler {
  readonly store: TieredStore;
  readonly pool: PagePool;
  readonly origin: Origin;
  #running = 0;

  constructor(parts: { readonly store: TieredStore; readonly pool: PagePool; readonly origin: Origin }) {
    this.store = parts.store;
    this.pool = parts.pool;
    this.origin = parts.origin;
  }

  /** Runs under way, at whatever stage. */
  get running(): number {
    return this.#running;
  }

  /** Never rejects: what fails is the run's failure. */
  async start({ space, run, asking, first }: RunStart): Promise<void> {
    this.#running += 1;
    const cancelled = new AbortController();
    run.onCancel(() => cancelled.abort(noLongerWanted(run)));
    try {
      if (space.shared && !first && (await this.#fillFromFar(run))) return;
      run.place(await this.#reserve(run));
      sliceMet.publish({ outcome: "origin", bytes: run.range.end - run.range.start });
      await this.origin.fill({
        request: { method: "GET", path: asking.target, fields: asking.fields },
        representation: run.slice.representation,
        sink: run,
        priority: () => (run.awaited ? "awaited" : "lookahead"),
        signal: cancelled.signal,
        ...(first && { first }),
      });
      run.finish();
      if (space.shared && run.slice.complete) this.store.putFarSlice(run.slice, space.lifetimeMs);
    } catch (cause) {
      first?.abort(noLongerWanted(run));
      run.finish(failureOf(cause));
    } finally {
      this.#running -= 1;
    }
  }

  /** Lookahead takes what is free or can be evicted; only an awaited run waits its turn. */
  async #reserve(run: PageRun): Promise<Page[]> {
    const count = Math.ceil((run.range.end - run.range.start) / PAGE_BYTES);
    const pages = this.pool.tryReserve(count);
    if (pages) return pages;
    if (!run.awaited) throw noLongerWanted(run);
    return this.pool.reserve(count, ROOM_MS_MAX);
  }

  /** @returns false when the far tier has none of it */
  async #fillFromFar(run: PageRun): Promise<boolean> {
    if (!this.store.far) return false;
    const { slice } = run;
    const body = await this.store.getFarSlice(slice.representation, slice.index);
    if (!body || body.length !== slice.range.end - slice.range.start) return false;
    run.place(await this.#reserve(run));
    sliceMet.publish({ outcome: "redis", bytes: run.range.end - run.range.start });
    writePart(run, body);
    this.#promoteRest(slice, body);
    run.finish();
    return true;
  }

  /** All of the slice has come: what nobody asked for yet is kept too, where there is room. */
  #promoteRest(slice: SliceBuffer, body: Buffer): void {
    for (const range of slice.missing(slice.range)) {
      const pages = this.pool.tryReserve(Math.ceil((range.end - range.start) / PAGE_BYTES));
      if (!pages) return;
      const rest = new PageRun(slice, range);
      rest.place(pages);
      writePart(rest, body);
      rest.finish();
    }
  }
}

/** @param body all bytes of the run's slice */
function writePart(run: PageRun, body: Buffer): void {
  const { start } = run.slice.range;
  run.write(body.subarray(run.range.start - start, run.range.end - start));
}

function noLongerWanted(run: PageRun): MandolineError {
  const { start, end } = run.range;
  return new MandolineError("CANCELLED", `Filling bytes ${start}-${end - 1}: nobody waits for them`, {
    source: "self",
  });
}

function failureOf(cause: unknown): MandolineError {
  if (isMandolineError(cause)) return cause;
  return new MandolineError("INVARIANT", `Filling a run: ${messageOf(cause)}`, { source: "self", cause });
}
