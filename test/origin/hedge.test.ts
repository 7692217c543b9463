import t from "tap";
import { subrequestHedged } from "../../src/base/channels.ts";
import { MandolineError } from "../../src/base/errors.ts";
import type { Exchange } from "../../src/origin/exchange.ts";
import { HeadLatencies, Hedger } from "../../src/origin/hedge.ts";
import { FakeClock } from "../support/fake-clock.ts";

interface FakeExchange {
  readonly exchange: Exchange;
  readonly aborted: unknown[];
}

function exchangeOf(headMs: number): FakeExchange {
  const aborted: unknown[] = [];
  const exchange = { head: { headMs }, abort: (reason: unknown) => aborted.push(reason) };
  return { exchange: exchange as unknown as Exchange, aborted };
}

const HEAD_MS = 10;

/** A hedger that has seen 100 heads of 10 ms each. */
async function experienced(budgetPercent = 5): Promise<{ hedger: Hedger; clock: FakeClock }> {
  const clock = new FakeClock();
  const hedger = new Hedger(budgetPercent, clock);
  for (let seen = 0; seen < 100; seen += 1) {
    await hedger.open(
      async () => exchangeOf(HEAD_MS).exchange,
      () => undefined,
    );
  }
  return { hedger, clock };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

t.test("HeadLatencies knows its 95th percentile from the 100th sample on", async (t) => {
  const latencies = new HeadLatencies();
  for (let headMs = 1; headMs <= 99; headMs += 1) latencies.add(headMs);
  t.equal(latencies.lateMs, undefined);
  latencies.add(100);
  t.equal(latencies.lateMs, 96);
});

t.test("HeadLatencies forgets all but the latest 512", async (t) => {
  const latencies = new HeadLatencies();
  for (let seen = 0; seen < 512; seen += 1) latencies.add(1000);
  t.equal(latencies.lateMs, 1000);
  for (let seen = 0; seen < 512; seen += 1) latencies.add(1);
  t.equal(latencies.lateMs, 1);
});

t.test("no hedge before 100 samples, however late the head", async (t) => {
  const clock = new FakeClock();
  const hedger = new Hedger(100, clock);
  const first = Promise.withResolvers<Exchange>();
  const opened = hedger.open(
    () => first.promise,
    () => {
      throw new Error("expected no second request");
    },
  );
  await turn();
  t.strictSame(clock.sleepingMs, []);
  const { exchange } = exchangeOf(60_000);
  first.resolve(exchange);
  t.equal(await opened, exchange);
});

t.test("a head in time is not hedged, and leaves no timer", async (t) => {
  const { hedger, clock } = await experienced();
  const { exchange } = exchangeOf(9);
  const opened = await hedger.open(
    async () => exchange,
    () => {
      throw new Error("expected no second request");
    },
  );
  t.equal(opened, exchange);
  t.strictSame(clock.sleepingMs, []);
});

t.test(
  "a late head is hedged: the second wins, the first is aborted before a byte of it is read",
  async (t) => {
    const told: unknown[] = [];
    t.teardown(subrequestHedged.subscribe((event) => told.push(event)));
    const { hedger, clock } = await experienced();
    const first = Promise.withResolvers<Exchange>();
    const [loser, winner] = [exchangeOf(50), exchangeOf(5)];
    const opened = hedger.open(
      () => first.promise,
      async () => winner.exchange,
    );
    await clock.asleep(1);
    t.strictSame(clock.sleepingMs, [HEAD_MS]);
    await clock.advance(HEAD_MS);
    t.equal(await opened, winner.exchange);
    first.resolve(loser.exchange);
    await turn();
    t.match(loser.aborted, [{ code: "CANCELLED" }]);
    t.strictSame(winner.aborted, []);
    t.strictSame(told, [{ won: true }]);
  },
);

t.test("the first may win after all: the second is aborted", async (t) => {
  const told: unknown[] = [];
  t.teardown(subrequestHedged.subscribe((event) => told.push(event)));
  const { hedger, clock } = await experienced();
  const [first, second] = [Promise.withResolvers<Exchange>(), Promise.withResolvers<Exchange>()];
  const [winner, loser] = [exchangeOf(15), exchangeOf(50)];
  const opened = hedger.open(
    () => first.promise,
    () => second.promise,
  );
  await clock.asleep(1);
  await clock.advance(HEAD_MS);
  first.resolve(winner.exchange);
  t.equal(await opened, winner.exchange);
  second.resolve(loser.exchange);
  await turn();
  t.match(loser.aborted, [{ code: "CANCELLED" }]);
  t.strictSame(told, [{ won: false }]);
});

const refused = new MandolineError("ORIGIN_UNREACHABLE", "Asking", { source: "origin" });

t.test("a second that fails does not spoil the first, which comes later", async (t) => {
  const { hedger, clock } = await experienced();
  const first = Promise.withResolvers<Exchange>();
  const { exchange, aborted } = exchangeOf(15);
  const opened = hedger.open(
    () => first.promise,
    () => Promise.reject(refused),
  );
  await clock.asleep(1);
  await clock.advance(HEAD_MS);
  first.resolve(exchange);
  t.equal(await opened, exchange);
  t.strictSame(aborted, []);
});

t.test("when both fail it is the first's failure that counts", async (t) => {
  const { hedger, clock } = await experienced();
  const first = Promise.withResolvers<Exchange>();
  const opened = hedger.open(
    () => first.promise,
    () => Promise.reject(refused),
  );
  const reset = new MandolineError("ORIGIN_TIMEOUT", "Asking", { source: "origin" });
  const rejected = t.rejects(opened, reset);
  await clock.asleep(1);
  await clock.advance(HEAD_MS);
  first.reject(reset);
  await rejected;
});

t.test("a first that fails before it is late is a failure at once", async (t) => {
  const { hedger, clock } = await experienced();
  await t.rejects(
    hedger.open(
      () => Promise.reject(refused),
      () => {
        throw new Error("expected no second request");
      },
    ),
    refused,
  );
  t.strictSame(clock.sleepingMs, []);
});

t.test("no place for a second request: the first is waited for, and no token is spent", async (t) => {
  const { hedger, clock } = await experienced();
  for (let late = 0; late < 20; late += 1) {
    const first = Promise.withResolvers<Exchange>();
    const opened = hedger.open(
      () => first.promise,
      () => undefined,
    );
    await clock.asleep(1);
    await clock.advance(HEAD_MS);
    const { exchange } = exchangeOf(HEAD_MS);
    first.resolve(exchange);
    t.equal(await opened, exchange);
  }
});

t.test(
  "5 % of the requests may be hedged: 100 of them have paid for five, the twentieth more for one",
  async (t) => {
    const { hedger, clock } = await experienced(5);
    let hedges = 0;
    for (let late = 0; late < 30; late += 1) {
      const first = Promise.withResolvers<Exchange>();
      const opened = hedger.open(
        () => first.promise,
        async () => {
          hedges += 1;
          return exchangeOf(HEAD_MS).exchange;
        },
      );
      await turn();
      await clock.advance(HEAD_MS);
      first.resolve(exchangeOf(HEAD_MS).exchange);
      await opened;
    }
    t.equal(hedges, 6);
  },
);
