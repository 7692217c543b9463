// Filling a run from an origin over real sockets: what is asked after each failure, and what the sink holds.

import t, { type Test } from "tap";
import { subrequestRetried } from "../../src/base/channels.ts";
import { MandolineError } from "../../src/base/errors.ts";
import { expectedBytes } from "../../src/cli/demo/known-bytes.ts";
import type { Origin, OriginOptions } from "../../src/origin/origin.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Counter, latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import { type Lie, type Script, type ScriptedOrigin, startOrigin } from "../support/origin.ts";
import { BufferSink, originBefore, runOf } from "../support/sink.ts";

interface Setup {
  readonly served: ScriptedOrigin;
  readonly origin: Origin;
  asked(): (string | undefined)[];
}

async function setup(t: Test, script: Script, options: Partial<OriginOptions> = {}): Promise<Setup> {
  const served = await startOrigin(script);
  t.teardown(() => served.close());
  const asked = () => served.log.map(({ range }) => range);
  return { served, origin: originBefore(t, served.url, options), asked };
}

/** Tells each lie once, in order, then the truth. */
function inTurn(...told: readonly Lie[]): Script {
  return (_, index) => told[index] ?? lies.honest;
}

function isFilled(sink: BufferSink): boolean {
  return sink.filled.equals(expectedBytes("/10KB/a", sink.range.start, sink.watermark));
}

t.test("fill() asks for exactly its range, under the representation's validator", async (t) => {
  const { origin, served } = await setup(t, inTurn());
  const sink = new BufferSink(1000, 5000);
  await origin.fill(runOf(sink));
  t.equal(sink.watermark, 5000);
  t.ok(isFilled(sink));
  t.match(served.log, [{ method: "GET", path: "/10KB/a", range: "bytes=1000-4999", ifMatch: '"10KB/a"' }]);
  t.equal(served.log.length, 1);
  t.equal(origin.limiter.inFlight, 0);
});

t.test("fill() goes on from the byte that failed, after cuts, resets and 503s", async (t) => {
  const { origin, asked } = await setup(
    t,
    inTurn(lies.cutAfter(1000), lies.reset, lies.unavailable(), lies.cutAfter(1), lies.chunked),
  );
  const sink = new BufferSink(0, 10_000);
  await origin.fill(runOf(sink));
  t.strictSame(asked(), [
    "bytes=0-9999",
    "bytes=1000-9999",
    "bytes=1000-9999",
    "bytes=1000-9999",
    "bytes=1001-9999",
  ]);
  t.equal(sink.watermark, 10_000);
  t.ok(isFilled(sink));
});

t.test("fill() counts only attempts without a new byte against max_retries", async (t) => {
  const retry = { retriesMax: 1, firstMs: 1, maxMs: 1 };
  const { origin, asked } = await setup(t, (_, index) => (index < 9 ? lies.cutAfter(1000) : {}), { retry });
  const sink = new BufferSink(0, 10_000);
  await origin.fill(runOf(sink));
  t.strictSame(
    asked(),
    Array.from({ length: 10 }, (_, at) => `bytes=${at * 1000}-9999`),
  );
  t.ok(isFilled(sink));
});

t.test("fill() takes the end of a shorter body for a cut", async (t) => {
  const shorter: Lie = {
    headers: { "content-length": undefined },
    body: expectedBytes("/10KB/a", 0, 400),
  };
  const { origin, asked } = await setup(
    t,
    inTurn({ ...shorter, headers: { ...shorter.headers, "content-length": "400" } }),
  );
  const sink = new BufferSink(0, 1000);
  await origin.fill(runOf(sink));
  t.strictSame(asked(), ["bytes=0-999", "bytes=400-999"]);
  t.ok(isFilled(sink));
});

const finalRows: readonly [what: string, lie: Lie, code: string, attempts: number][] = [
  ["a version that changed", lies.entityTag('"new"'), "ORIGIN_CHANGED", 1],
  ["a coding that changed", lies.contentCoding("gzip"), "ORIGIN_CHANGED", 1],
  ["a failed precondition", lies.status(412), "ORIGIN_CHANGED", 1],
  ["a 416: it got shorter", lies.status(416), "ORIGIN_CHANGED", 1],
  ["a complete length that changed", lies.contentRange("bytes 0-999/10001"), "ORIGIN_CHANGED", 1],
  ["the whole in place of a range", lies.rangeIgnored, "ORIGIN_RANGE_WRONG", 1],
  ["another range, each time", lies.contentRange("bytes 1-1000/10000"), "ORIGIN_RANGE_WRONG", 4],
  ["a malformed Content-Range, each time", lies.contentRange("bytes 0-999"), "ORIGIN_RANGE_WRONG", 4],
  ["a redirect", lies.status(302), "ORIGIN_STATUS", 1],
  ["401", lies.status(401), "ORIGIN_STATUS", 1],
  ["404", lies.status(404), "ORIGIN_STATUS", 1],
  ["429, each time", lies.status(429), "ORIGIN_STATUS", 4],
  ["500, each time", lies.status(500), "ORIGIN_STATUS", 4],
  ["503, each time", lies.unavailable(), "ORIGIN_STATUS", 4],
  ["a reset, each time", lies.reset, "ORIGIN_UNREACHABLE", 4],
];

for (const [what, lie, code, attempts] of finalRows) {
  t.test(`fill() of ${what} is ${code} after ${attempts} and writes nothing`, async (t) => {
    const { origin, asked } = await setup(t, () => lie);
    const sink = new BufferSink(0, 1000);
    await t.rejects(origin.fill(runOf(sink)), { code, source: "origin" });
    t.strictSame(asked(), Array(attempts).fill("bytes=0-999"));
    t.equal(sink.watermark, 0);
  });
}

t.test("fill() of a body longer than its range never writes past it", async (t) => {
  const longer: Lie = { headers: { "content-length": undefined }, extra: Buffer.from("more") };
  const { origin, asked } = await setup(t, () => longer);
  const sink = new BufferSink(0, 1000);
  await t.rejects(origin.fill(runOf(sink)), { code: "ORIGIN_BODY_LONG", advice: { retry: false } });
  t.strictSame(asked(), ["bytes=0-999"]);
  t.ok(sink.watermark <= 1000 && isFilled(sink));
});

t.test("fill() of a version that changes after a cut keeps what it has, and ends", async (t) => {
  const { origin, asked } = await setup(t, inTurn(lies.cutAfter(300), lies.entityTag('"new"')));
  const sink = new BufferSink(0, 1000);
  await t.rejects(origin.fill(runOf(sink)), { code: "ORIGIN_CHANGED" });
  t.strictSame(asked(), ["bytes=0-999", "bytes=300-999"]);
  t.equal(sink.watermark, 300);
  t.ok(isFilled(sink));
});

t.test("fill() reads an answer that is here already, and goes on from it after a cut", async (t) => {
  const { origin, served, asked } = await setup(t, inTurn(lies.cutAfter(200)));
  const first = await origin.open({
    request: { method: "GET", path: "/10KB/a", fields: ["Range", "bytes=0-999"] },
    priority: () => "awaited",
    signal: new AbortController().signal,
    slot: "until-body",
  });
  const sink = new BufferSink(0, 1000);
  await origin.fill(runOf(sink, { first }));
  t.strictSame(asked(), ["bytes=0-999", "bytes=200-999"]);
  t.strictSame(
    served.log.map(({ ifMatch }) => ifMatch),
    [undefined, '"10KB/a"'],
  );
  t.ok(isFilled(sink));
});

t.test(
  "fill() that is aborted ends with the reason, under way and queued, and gives its place back",
  async (t) => {
    const opened = latch();
    const { origin, served } = await setup(t, () => lies.stalledAfter(100, opened.opened), {
      subrequestsMax: 1,
    });
    const reason = new MandolineError("CANCELLED", "Filling", { source: "self" });
    const abort = new AbortController();
    const running = origin.fill(runOf(new BufferSink(0, 1000), { signal: abort.signal }));
    await served.asked(1);
    const queued = origin.fill(runOf(new BufferSink(1000, 2000), { signal: abort.signal }));
    t.equal(origin.limiter.queued, 1);
    abort.abort(reason);
    await t.rejects(queued, reason);
    opened.open();
    await t.rejects(running, reason);
    await new Promise((resolve) => setImmediate(resolve));
    t.strictSame([origin.limiter.inFlight, origin.limiter.queued], [0, 0]);
  },
);

t.test("nobody sleeps in a slot: while one waits to ask again another is served", async (t) => {
  const clock = new FakeClock();
  const { origin, asked } = await setup(t, inTurn(lies.unavailable(5)), { clock, subrequestsMax: 1 });
  const waiting = new Counter();
  const told: unknown[] = [];
  t.teardown(
    subrequestRetried.subscribe((event) => {
      told.push(event);
      waiting.increment();
    }),
  );
  const first = new BufferSink(0, 1000);
  const slow = origin.fill(runOf(first));
  await waiting.reached(1);
  const second = new BufferSink(1000, 2000);
  await origin.fill(runOf(second));
  t.ok(isFilled(second));
  t.strictSame(told, [{ code: "ORIGIN_STATUS", waitMs: 5000 }]);
  await clock.advance(5000);
  await slow;
  t.strictSame(asked(), ["bytes=0-999", "bytes=1000-1999", "bytes=0-999"]);
});

t.test("fill() that is not through at its deadline is ORIGIN_TIMEOUT, also in mid-body", async (t) => {
  const clock = new FakeClock();
  const opened = latch();
  const { origin, served } = await setup(t, () => lies.stalledAfter(100, opened.opened), { clock });
  const sink = new BufferSink(0, 1000);
  const written = latch();
  const write = sink.write.bind(sink);
  sink.write = (chunk) => {
    write(chunk);
    written.open();
  };
  const late = t.rejects(origin.fill(runOf(sink)), {
    code: "ORIGIN_TIMEOUT",
    message: "Fetching a run: expected its end within 60000 ms, got none",
  });
  await written.opened;
  await clock.advance(60_000);
  await late;
  t.equal(served.log.length, 1);
  t.strictSame(clock.sleepingMs, []);
  opened.open();
});
