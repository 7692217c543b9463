// Whatever the order of reserving, pinning, unpinning and evicting: no page has two owners, and none is lost.

import { ok, strictEqual } from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import t from "tap";
import { PAGE_BYTES, type Page, PagePool } from "../../src/slice/page-pool.ts";

const PAGES_MAX = 6;
const LONG_MS = 60_000;

type Step =
  | { readonly do: "reserve" | "wait"; readonly count: number }
  | { readonly do: "cache" | "release" | "pin" | "unpin"; readonly pick: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom("reserve", "wait"), count: fc.integer({ min: 1, max: PAGES_MAX }) }),
  fc.record({ do: fc.constantFrom("cache", "release", "pin", "unpin"), pick: fc.nat(20) }),
);

/** What the outside knows of the pool: runs in flight, cached slices that may be evicted, writes under way. */
class Model {
  readonly pool: PagePool = new PagePool(PAGES_MAX * PAGE_BYTES);
  readonly inFlight: Page[][] = [];
  readonly cached: Page[][] = [];
  readonly writes: Page[] = [];
  readonly waits: Promise<void>[] = [];

  constructor() {
    this.pool.onPressure(() => {
      const slice = this.cached.shift();
      for (const page of slice ?? []) this.pool.unpin(page);
      return slice !== undefined;
    });
  }

  own(pages: Page[]): void {
    const used = new Set([...this.inFlight, ...this.cached, this.writes].flat());
    for (const page of pages) {
      ok(!used.has(page), "a page that is owned or written is not handed out");
      strictEqual(page.pins, 1);
    }
    this.inFlight.push(pages);
  }

  take(one: Step): void {
    if (one.do === "reserve") {
      const pages = this.pool.tryReserve(one.count);
      if (pages) this.own(pages);
    } else if (one.do === "wait") {
      this.waits.push(this.pool.reserve(one.count, LONG_MS).then((pages) => this.own(pages)));
    } else if (one.do === "cache" || one.do === "release") {
      const [run] = this.inFlight.splice(one.pick % Math.max(1, this.inFlight.length), 1);
      if (run && one.do === "release") for (const page of run) this.pool.unpin(page);
      else if (run) {
        this.cached.push(run);
        this.pool.retryWaiting();
      }
    } else if (one.do === "pin") {
      const owned = [...this.inFlight, ...this.cached].flat();
      const page = owned[one.pick % Math.max(1, owned.length)];
      if (!page) return;
      this.pool.pin(page);
      this.writes.push(page);
    } else if (one.do === "unpin") {
      const [page] = this.writes.splice(one.pick % Math.max(1, this.writes.length), 1);
      if (page) this.pool.unpin(page);
    }
  }

  /** Ends everything that holds a page, until nobody waits. */
  async drain(): Promise<void> {
    while (this.writes.length > 0) this.take({ do: "unpin", pick: 0 });
    let settled = false;
    const all = Promise.all(this.waits).then(() => {
      settled = true;
    });
    for (let turns = 0; !settled || this.inFlight.length > 0; turns += 1) {
      ok(turns < 1000, "whoever waits is served once everything is given back");
      while (this.inFlight.length > 0) this.take({ do: "release", pick: 0 });
      await setImmediate();
    }
    await all;
    while (this.cached.length > 0) for (const page of this.cached.shift() ?? []) this.pool.unpin(page);
  }
}

t.test("no page has two owners, the budget holds, and at the end every page is free again", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const model = new Model();
      for (const one of steps) {
        model.take(one);
        await Promise.resolve();
        ok(model.pool.pagesInUse <= PAGES_MAX);
        const held = new Set([...model.inFlight, ...model.cached, model.writes].flat());
        ok(held.size <= model.pool.pagesInUse, "what is held is in use");
      }
      await model.drain();
      strictEqual(model.pool.pagesInUse, 0);
      strictEqual(model.pool.writePins, 0);
      strictEqual(model.pool.tryReserve(PAGES_MAX)?.length, PAGES_MAX);
    }),
    { numRuns: 300 },
  );
});
