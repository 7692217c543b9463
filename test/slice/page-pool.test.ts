// Timeouts run on real timers: the pool takes none; the waits are 1 ms, and what is pinned is the outcome.

import t from "tap";
import { PAGE_BYTES, type Page, PagePool } from "../../src/slice/page-pool.ts";

const LONG_MS = 60_000;

function reserved(pool: PagePool, count: number): Page[] {
  const pages = pool.tryReserve(count);
  if (!pages) throw new Error(`expected room for ${count} pages, got none`);
  return pages;
}

function release(pool: PagePool, pages: readonly Page[]): void {
  for (const page of pages) pool.unpin(page);
}

t.test("new PagePool() uses whole pages of the budget, and none is INVARIANT", async (t) => {
  t.equal(new PagePool(PAGE_BYTES).pagesMax, 1);
  t.equal(new PagePool(2 * PAGE_BYTES - 1).pagesMax, 1);
  t.throws(() => new PagePool(PAGE_BYTES - 1), { code: "INVARIANT" });
});

t.test("tryReserve() gives all pages or none, each once, with their owner's pin", async (t) => {
  const pool = new PagePool(4 * PAGE_BYTES);
  const pages = reserved(pool, 3);
  t.strictSame(
    pages.map(({ pins, bytes }) => [pins, bytes.length]),
    Array(3).fill([1, PAGE_BYTES]),
  );
  t.ok(pages[0]?.bytes.buffer instanceof SharedArrayBuffer);
  t.equal(pool.tryReserve(2), undefined, "one is free, two are not");
  t.equal(pool.pagesInUse, 3);
  const last = reserved(pool, 1);
  t.equal(new Set([...pages, ...last]).size, 4);
  release(pool, [...pages, ...last]);
  t.equal(pool.pagesInUse, 0);
});

t.test("pages of one segment do not overlap", async (t) => {
  const pool = new PagePool(3 * PAGE_BYTES);
  const pages = reserved(pool, 3);
  for (const [at, { bytes }] of pages.entries()) bytes.fill(at + 1);
  t.strictSame(
    pages.map(({ bytes }) => [bytes[0], bytes[PAGE_BYTES - 1]]),
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
  );
});

t.test("reserve() waits in order of asking: a small one does not pass a large one", async (t) => {
  const pool = new PagePool(4 * PAGE_BYTES);
  const held = reserved(pool, 4);
  const granted: string[] = [];
  const wait = (name: string, count: number) =>
    pool.reserve(count, LONG_MS).then((pages) => {
      granted.push(name);
      return pages;
    });
  const large = wait("large", 3);
  const small = wait("small", 1);
  release(pool, held.slice(0, 2));
  t.equal(pool.tryReserve(1), undefined, "two pages are free, but others wait for them");
  release(pool, held.slice(2, 3));
  t.equal((await large).length, 3);
  t.strictSame(granted, ["large"]);
  release(pool, held.slice(3));
  t.equal((await small).length, 1);
  t.strictSame(granted, ["large", "small"]);
});

t.test("reserve() fails with OVERLOADED after its wait, and lets the next one in", async (t) => {
  const pool = new PagePool(2 * PAGE_BYTES);
  const held = reserved(pool, 1);
  const tooLarge = pool.reserve(2, 1);
  const fits = pool.reserve(1, LONG_MS);
  await t.rejects(tooLarge, {
    code: "OVERLOADED",
    source: "self",
    message: "Reserving pages for a slice: expected room within 1 ms, got none",
    facts: { pages: 2, pagesMax: 2, waiting: 0 },
  });
  t.equal((await fits).length, 1);
  release(pool, [...held, ...(await fits)]);
  t.equal(pool.pagesInUse, 0);
});

t.test("reserve() fails at once with OVERLOADED for more pages than there are", async (t) => {
  await t.rejects(new PagePool(2 * PAGE_BYTES).reserve(3, LONG_MS), { code: "OVERLOADED" });
});

t.test("reserve() fails at once with OVERLOADED behind 1024 that wait", async (t) => {
  const pool = new PagePool(PAGE_BYTES);
  let held = reserved(pool, 1);
  const waiting = Array.from({ length: 1024 }, () => pool.reserve(1, LONG_MS));
  await t.rejects(pool.reserve(1, LONG_MS), { code: "OVERLOADED", facts: { waiting: 1024 } });
  for (const next of waiting) {
    release(pool, held);
    held = await next;
  }
  release(pool, held);
  t.equal(pool.pagesInUse, 0);
});

t.test("pressure evicts only until enough is free, and again when something becomes evictable", async (t) => {
  const pool = new PagePool(3 * PAGE_BYTES);
  const cached = reserved(pool, 3).map((page) => [page]);
  let evictable = 0;
  pool.onPressure(() => {
    if (evictable === 0) return false;
    evictable -= 1;
    release(pool, cached.shift() ?? []);
    return true;
  });
  t.equal(pool.tryReserve(1), undefined);
  evictable = 2;
  t.equal(reserved(pool, 1).length, 1);
  t.equal(cached.length, 2, "one went for one");
  evictable = 0;
  const waiting = pool.reserve(2, LONG_MS);
  evictable = 2;
  pool.retryWaiting();
  t.equal(evictable, 2, "not at once: its readers come first");
  t.equal((await waiting).length, 2);
  t.equal(cached.length, 0);
});

t.test("eviction during a grant gives no page twice", async (t) => {
  const pool = new PagePool(2 * PAGE_BYTES);
  const [first, second] = reserved(pool, 2) as [Page, Page];
  const cached = [second];
  pool.onPressure(() => {
    const page = cached.pop();
    if (page) pool.unpin(page);
    return page !== undefined;
  });
  pool.pin(second);
  const waiting = [pool.reserve(1, LONG_MS), pool.reserve(1, LONG_MS)];
  pool.unpin(first);
  const [granted] = (await waiting[0]) ?? [];
  t.equal(granted, first);
  pool.unpin(second);
  t.strictSame(await waiting[1], [second]);
});

t.test("a page in a write is not reused before the write is through", async (t) => {
  const pool = new PagePool(PAGE_BYTES);
  const [page] = reserved(pool, 1) as [Page];
  pool.pin(page);
  t.equal(pool.writePins, 1);
  pool.unpin(page);
  t.equal(pool.tryReserve(1), undefined, "its owner has gone, the write has not");
  pool.unpin(page);
  t.equal(pool.writePins, 0);
  t.strictSame(pool.tryReserve(1), [page]);
});

t.test("pin() and unpin() of a page that nobody owns are INVARIANT", async (t) => {
  const pool = new PagePool(PAGE_BYTES);
  const [page] = reserved(pool, 1) as [Page];
  pool.unpin(page);
  t.throws(() => pool.pin(page), { code: "INVARIANT" });
  t.throws(() => pool.unpin(page), { code: "INVARIANT" });
});
