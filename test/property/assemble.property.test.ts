// Whatever the order in which runs arrive, the size of their chunks, cuts and evictions between them: the assembler
// yields every byte of its range, in order, once.

import { ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { sliceIndex } from "../../src/base/units.ts";
import { Assembler } from "../../src/deliver/assemble.ts";
import { PAGE_BYTES } from "../../src/slice/page-pool.ts";
import { FakeSource } from "../support/fake-source.ts";
import { bytesOf, representationOf } from "../support/made-up.ts";

interface Step {
  readonly do: "feed" | "cut" | "evict";
  readonly pick: number;
  readonly bytes: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    { weight: 8, arbitrary: fc.constant("feed" as const) },
    { weight: 1, arbitrary: fc.constantFrom("cut" as const, "evict" as const) },
  ),
  pick: fc.nat(100),
  bytes: fc.oneof(
    fc.integer({ min: 1, max: 3 * PAGE_BYTES }),
    fc.constantFrom(1, PAGE_BYTES - 1, PAGE_BYTES),
  ),
});

const download = fc
  .record({
    slicePages: fc.integer({ min: 1, max: 3 }),
    completeLength: fc.integer({ min: 1, max: 7 * PAGE_BYTES }),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    width: fc.integer({ min: 1, max: 8 }),
    pagesMax: fc.integer({ min: 1, max: 4 }),
    bytesMax: fc.oneof(fc.constant(Number.MAX_SAFE_INTEGER), fc.integer({ min: 1000, max: 100_000 })),
    steps: fc.array(step, { maxLength: 60 }),
  })
  .map((drawn) => {
    const start = Math.floor(drawn.from * (drawn.completeLength - 1));
    const end = start + 1 + Math.floor(drawn.share * (drawn.completeLength - start - 1));
    return { ...drawn, range: { start, end } };
  });

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

t.test("the assembler yields its range in order, whatever arrives, is cut or evicted when", async () => {
  await fc.assert(
    fc.asyncProperty(
      download,
      async ({ slicePages, completeLength, range, width, pagesMax, bytesMax, steps }) => {
        const sliceBytes = slicePages * PAGE_BYTES;
        const representation = representationOf({ sliceBytes, completeLength });
        const source = new FakeSource(representation);
        const assembler = new Assembler(source, range);
        const taken: Buffer[] = [];
        const reading = (async () => {
          while (!assembler.done) {
            assembler.lookAhead(width);
            ok(await assembler.ready());
            const before = assembler.position;
            const views = assembler.take(pagesMax, ({ bytes }) => taken.push(Buffer.from(bytes)), bytesMax);
            const count = views.reduce((sum, { bytes }) => sum + bytes.length, 0);
            ok(views.length <= pagesMax && count <= bytesMax);
            strictEqual(assembler.position - before, count);
            await turn();
          }
        })();
        for (const one of steps) {
          const run = source.running[one.pick % Math.max(1, source.running.length)];
          if (one.do === "evict") source.evict(one.pick);
          else if (run && one.do === "feed") source.feed(run, one.bytes);
          else if (run) source.end(run);
          await turn();
        }
        while (!assembler.done) {
          const last = source.running.at(-1);
          if (last) source.feed(last, PAGE_BYTES);
          await turn();
        }
        await reading;
        ok(Buffer.concat(taken).equals(bytesOf(representation, range)));
      },
    ),
    { numRuns: 150 },
  );
});

t.test(
  "lookAhead() reaches exactly its width, from the slice being taken to the end of the range",
  async () => {
    const whole = fc.record({
      slices: fc.integer({ min: 1, max: 12 }),
      first: fc.nat(11),
      width: fc.integer({ min: 1, max: 15 }),
    });
    fc.assert(
      fc.property(whole, ({ slices, first, width }) => {
        const start = Math.min(first, slices - 1);
        const completeLength = slices * PAGE_BYTES;
        const source = new FakeSource(representationOf({ sliceBytes: PAGE_BYTES, completeLength }));
        const assembler = new Assembler(source, { start: start * PAGE_BYTES, end: completeLength });
        assembler.take(1, () => undefined);
        assembler.lookAhead(width);
        const covered = [...source.covered].sort((a, b) => a - b);
        const expected = Array.from({ length: Math.min(width, slices - start) }, (_, at) =>
          sliceIndex(start + at),
        );
        strictEqual(covered.join(), expected.join());
      }),
    );
  },
);

t.test("close() ends a reader that waits, and leaves every run without anybody interested", async (t) => {
  const source = new FakeSource(representationOf({ sliceBytes: PAGE_BYTES, completeLength: 5 * PAGE_BYTES }));
  const assembler = new Assembler(source, { start: 0, end: 5 * PAGE_BYTES });
  const ready = assembler.ready();
  assembler.lookAhead(3);
  t.strictSame(
    source.running.map(({ interested }) => interested),
    [1, 1, 1],
  );
  assembler.close();
  t.equal(await ready, false);
  t.strictSame(
    source.running.map(({ interested }) => interested),
    [0, 0, 0],
  );
});
