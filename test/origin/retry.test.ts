import t from "tap";
import { subrequestRetried } from "../../src/base/channels.ts";
import { type ErrorCode, MandolineError, type RetryAdvice } from "../../src/base/errors.ts";
import { decideRetry, RetryBudget, type RetryContext, retrying } from "../../src/origin/retry.ts";
import { FakeClock } from "../support/fake-clock.ts";

const policy = { retriesMax: 3, firstMs: 100, maxMs: 1600 };

function failure(code: ErrorCode, advice: RetryAdvice = { retry: true }): MandolineError {
  return new MandolineError(code, "Asking the origin", { source: "origin", advice });
}

t.test("decideRetry() draws from 0 up to 100 ms × 2ⁿ, never more than the cap", async (t) => {
  const many = { ...policy, retriesMax: 20 };
  const rows: readonly [stalled: number, ceilingMs: number][] = [
    [0, 100],
    [1, 100],
    [2, 200],
    [3, 400],
    [4, 800],
    [5, 1600],
    [6, 1600],
    [20, 1600],
  ];
  for (const [stalled, ceilingMs] of rows) {
    const waits = [0, 0.5, 1].map((random) => decideRetry(failure("ORIGIN_TIMEOUT"), stalled, many, random));
    t.strictSame(
      waits,
      [0, ceilingMs / 2, ceilingMs].map((waitMs) => ({ retry: true, waitMs })),
      `attempt ${stalled} without a byte`,
    );
  }
});

t.test("decideRetry() ends after max_retries attempts without a byte beyond the first", async (t) => {
  t.match(decideRetry(failure("ORIGIN_TIMEOUT"), 3, policy, 0), { retry: true });
  t.strictSame(decideRetry(failure("ORIGIN_TIMEOUT"), 4, policy, 0), { retry: false });
  t.strictSame(decideRetry(failure("ORIGIN_TIMEOUT"), 1, { ...policy, retriesMax: 0 }, 0), { retry: false });
});

t.test("decideRetry() asks again at once after a connection failure, once; then it backs off", async (t) => {
  const refused = failure("ORIGIN_UNREACHABLE");
  t.strictSame(decideRetry(refused, 1, policy, 0.5), { retry: true, waitMs: 0 });
  t.strictSame(decideRetry(refused, 2, policy, 0.5), { retry: true, waitMs: 100 });
});

t.test("decideRetry() obeys Retry-After to the millisecond, past the cap too", async (t) => {
  const busy = failure("ORIGIN_STATUS", { retry: true, afterMs: 7000 });
  t.strictSame(decideRetry(busy, 1, policy, 0.5), { retry: true, waitMs: 7000 });
  t.strictSame(decideRetry(busy, 4, policy, 0.5), { retry: false });
});

t.test("decideRetry() never repeats what asking again cannot mend", async (t) => {
  t.strictSame(decideRetry(failure("ORIGIN_STATUS", { retry: false }), 1, policy, 0), { retry: false });
});

interface Run {
  readonly clock: FakeClock;
  readonly attempts: number[];
  bytes: number;
  readonly result: Promise<string>;
}

/** Runs attempts that fail as told, one after the other, and then succeed. */
function run(
  failures: readonly unknown[],
  context: Partial<RetryContext> = {},
  onAttempt: (run: Run) => void = () => {},
): Run {
  const clock = new FakeClock();
  const made: Run = {
    clock,
    attempts: [],
    bytes: 0,
    get result() {
      return result;
    },
  };
  const whole: RetryContext = {
    policy,
    budget: new RetryBudget(20),
    clock,
    random: () => 1,
    progress: () => made.bytes,
    deadlineMs: 60_000,
    signal: new AbortController().signal,
    ...context,
  };
  const result = retrying(whole, async () => {
    made.attempts.push(clock.monotonicMs());
    onAttempt(made);
    const next = failures[made.attempts.length - 1];
    if (next !== undefined) throw next;
    return "done";
  });
  return made;
}

const timeout = failure("ORIGIN_TIMEOUT");

async function sleepThrough(clock: FakeClock, waits: readonly number[]): Promise<void> {
  for (const waitMs of waits) {
    await clock.asleep(1);
    await clock.advance(waitMs);
  }
}

t.test("retrying() waits 100, 200, 400 ms at the most unlucky draw, and tells of each", async (t) => {
  const told: unknown[] = [];
  t.teardown(subrequestRetried.subscribe((event) => told.push(event)));
  const { clock, attempts, result } = run([timeout, timeout, timeout]);
  await sleepThrough(clock, [100, 200, 400]);
  t.equal(await result, "done");
  t.strictSame(attempts, [0, 100, 300, 700]);
  t.strictSame(
    told,
    [100, 200, 400].map((waitMs) => ({ code: "ORIGIN_TIMEOUT", waitMs })),
  );
});

t.test("retrying() gives up with the last failure after the fourth attempt without a byte", async (t) => {
  const last = failure("ORIGIN_BODY_SHORT");
  const { clock, attempts, result } = run([timeout, timeout, timeout, last]);
  const rejected = t.rejects(result, last);
  await sleepThrough(clock, [100, 200, 400]);
  await rejected;
  t.equal(attempts.length, 4);
});

t.test("retrying() starts the count and the waits anew when bytes came", async (t) => {
  const { clock, attempts, result } = run(Array(8).fill(timeout), {}, (made) => {
    if (made.attempts.length === 4) made.bytes += 1;
  });
  const rejected = t.rejects(result, timeout);
  await sleepThrough(clock, [100, 200, 400, 100, 100, 200, 400]);
  await rejected;
  t.equal(attempts.length, 8, "four, the fourth with a byte, and four more");
});

t.test("retrying() fails now when the wait would reach the deadline", async (t) => {
  const busy = (afterMs: number) => failure("ORIGIN_STATUS", { retry: true, afterMs });
  const late = run([busy(60_000)]);
  await t.rejects(late.result, { code: "ORIGIN_STATUS" });
  const early = run([busy(59_999)]);
  await sleepThrough(early.clock, [59_999]);
  t.equal(await early.result, "done");
});

t.test("retrying() fails when the budget is spent", async (t) => {
  const budget = new RetryBudget(20);
  while (budget.take(0));
  const { attempts, result } = run([timeout], { budget });
  await t.rejects(result, timeout);
  t.equal(attempts.length, 1);
});

t.test(
  "retrying() ends with the signal's reason when it aborts in a wait, before any attempt too",
  async (t) => {
    const abort = new AbortController();
    const reason = new Error("the client has gone");
    const { clock, attempts, result } = run([timeout], { signal: abort.signal });
    const rejected = t.rejects(result, reason);
    await clock.asleep(1);
    abort.abort(reason);
    await rejected;
    t.strictSame(clock.sleepingMs, []);
    t.equal(attempts.length, 1);
    await t.rejects(run([], { signal: abort.signal }).result, reason);
  },
);

t.test("retrying() does not repeat what is no failure of ours", async (t) => {
  const bug = new TypeError("undefined is not a function");
  const { attempts, result } = run([bug]);
  await t.rejects(result, bug);
  t.equal(attempts.length, 1);
});

t.test("RetryBudget lets ten a second through without any request", async (t) => {
  const budget = new RetryBudget(20);
  const spend = (nowMs: number) => {
    let count = 0;
    while (budget.take(nowMs)) count += 1;
    return count;
  };
  t.equal(spend(0), 100, "ten seconds' worth at the start");
  t.equal(spend(50), 0);
  t.equal(spend(1100), 11);
  t.equal(spend(3_600_000), 100, "no more than ten seconds' worth is saved up");
});

t.test("RetryBudget adds its share of a retry a request (25 %: the fourth pays)", async (t) => {
  const budget = new RetryBudget(25);
  while (budget.take(0));
  for (let request = 0; request < 3; request += 1) budget.earn();
  t.equal(budget.take(0), false);
  budget.earn();
  t.equal(budget.take(0), true);
  t.equal(budget.take(0), false);
});
