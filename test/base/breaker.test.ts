// The circuit's own times are real ones, a few milliseconds long; the tests wait for what it tells, not for a time.

import t, { type Test } from "tap";
import { Breaker, type BreakerOptions } from "../../src/base/breaker.ts";
import { breakerChanged } from "../../src/base/channels.ts";
import { MandolineError } from "../../src/base/errors.ts";
import { Counter } from "../support/latch.ts";

const bad = new MandolineError("ORIGIN_UNREACHABLE", "Asking", { source: "origin" });
const harmless = new MandolineError("ORIGIN_STATUS", "Asking", { source: "origin" });

interface Setup {
  readonly breaker: Breaker;
  readonly states: string[];
  readonly changes: Counter;
}

function setup(t: Test, options: Partial<BreakerOptions> = {}): Setup {
  const breaker = new Breaker({
    name: t.name,
    errorPercent: 50,
    volumeMin: 4,
    windowMs: 10_000,
    openMs: 5,
    attemptMsMax: 10_000,
    counts: (error) => error === bad,
    ...options,
  });
  const states: string[] = [];
  const changes = new Counter();
  const unsubscribe = breakerChanged.subscribe(({ name, state }) => {
    if (name !== t.name) return;
    states.push(state);
    changes.increment();
  });
  // The circuit's own timers keep no process alive.
  const alive = setInterval(() => {}, 60_000);
  t.teardown(() => {
    clearInterval(alive);
    unsubscribe();
    breaker.close();
  });
  return { breaker, states, changes };
}

/** @returns how each attempt ended: its value, or the code of its failure */
async function attempt(breaker: Breaker, ends: readonly (Error | string)[]): Promise<string[]> {
  const codes: string[] = [];
  for (const end of ends) {
    const run = breaker.run(async () => {
      if (typeof end === "string") return end;
      throw end;
    });
    codes.push(await run.catch((error: MandolineError) => error.code));
  }
  return codes;
}

t.test("it opens at the share of failures, not before there are attempts enough", async (t) => {
  const { breaker, states } = setup(t, { openMs: 10_000 });
  await attempt(breaker, [bad, bad, bad]);
  t.equal(breaker.state, "closed", "three attempts are too few");
  await attempt(breaker, [bad]);
  t.equal(breaker.state, "open");
  t.strictSame(states, ["open"]);
});

t.test("a share of failures below the threshold leaves it closed", async (t) => {
  const { breaker } = setup(t, { openMs: 10_000, errorPercent: 50 });
  await attempt(breaker, ["ok", "ok", "ok", bad, bad, "ok"]);
  t.equal(breaker.state, "closed");
});

t.test("an open circuit fails at once with ORIGIN_OPEN and runs nothing", async (t) => {
  const { breaker } = setup(t, { openMs: 10_000 });
  await attempt(breaker, [bad, bad, bad, bad]);
  let ran = false;
  await t.rejects(
    breaker.run(async () => {
      ran = true;
    }),
    {
      code: "ORIGIN_OPEN",
      source: "origin",
      message: `Asking ${t.name}: its circuit breaker is open`,
      facts: { retryAfterMs: 10_000 },
    },
  );
  t.equal(ran, false);
});

t.test(
  "failures that do not speak against the other side never open it, and come through as they are",
  async (t) => {
    const { breaker } = setup(t);
    t.strictSame(await attempt(breaker, Array(20).fill(harmless)), Array(20).fill("ORIGIN_STATUS"));
    t.equal(breaker.state, "closed");
    await t.rejects(
      breaker.run(() => Promise.reject(harmless)),
      harmless,
    );
  },
);

t.test("half-open: one attempt is let through, its success closes", async (t) => {
  const { breaker, states, changes } = setup(t);
  await attempt(breaker, [bad, bad, bad, bad]);
  await changes.reached(2);
  t.equal(breaker.state, "half-open");
  const first = Promise.withResolvers<string>();
  const running = breaker.run(() => first.promise);
  t.strictSame(await attempt(breaker, ["second"]), ["ORIGIN_OPEN"], "only one at a time");
  first.resolve("first");
  t.equal(await running, "first");
  t.equal(breaker.state, "closed");
  t.strictSame(await attempt(breaker, ["ok"]), ["ok"]);
  t.strictSame(states, ["open", "half-open", "closed"]);
});

t.test("half-open: a failure opens again, at once", async (t) => {
  const { breaker, states, changes } = setup(t);
  await attempt(breaker, [bad, bad, bad, bad]);
  await changes.reached(2);
  t.strictSame(await attempt(breaker, [bad]), ["ORIGIN_UNREACHABLE"]);
  t.strictSame(states.slice(0, 3), ["open", "half-open", "open"]);
});

t.test("an attempt that hangs is ORIGIN_TIMEOUT after its guard, and counts", async (t) => {
  const { breaker } = setup(t, { attemptMsMax: 5, openMs: 10_000, volumeMin: 1, counts: () => true });
  await t.rejects(
    breaker.run(() => new Promise(() => {})),
    {
      code: "ORIGIN_TIMEOUT",
      message: `Asking ${t.name}: no answer within 5 ms`,
      advice: { retry: true },
    },
  );
  t.equal(breaker.state, "open");
});

t.test("half-open: an attempt that hangs does not block for ever", async (t) => {
  const { breaker, changes } = setup(t, { attemptMsMax: 5, counts: () => true });
  await attempt(breaker, [bad, bad, bad, bad]);
  await changes.reached(2);
  await t.rejects(
    breaker.run(() => new Promise(() => {})),
    { code: "ORIGIN_TIMEOUT" },
  );
  await changes.reached(4);
  t.strictSame(await attempt(breaker, ["ok"]), ["ok"]);
  t.equal(breaker.state, "closed");
});
