import t from "tap";
import { Limiter, type Priority, Ticket } from "../../src/origin/limit.ts";

const never = new AbortController().signal;

/** Lets every promise that is already resolved have its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Asks for a place, and writes down its name when it gets one. */
function asker(limiter: Limiter, granted: string[]) {
  return (name: string, priority: () => Priority, signal: AbortSignal = never): Promise<Ticket> =>
    limiter.acquire(priority, signal).then((ticket) => {
      granted.push(name);
      return ticket;
    });
}

const awaited = (): Priority => "awaited";
const lookahead = (): Priority => "lookahead";

t.test("never more places than allowed at once; a released one goes to the next", async (t) => {
  const limiter = new Limiter({ concurrencyMax: 2, queuedMax: 10 });
  const granted: string[] = [];
  const ask = asker(limiter, granted);
  const [first] = [ask("a", awaited), ask("b", awaited), ask("c", awaited)];
  await turn();
  t.strictSame(granted, ["a", "b"]);
  t.strictSame([limiter.inFlight, limiter.queued], [2, 1]);
  (await first).release();
  await turn();
  t.strictSame(granted, ["a", "b", "c"]);
  t.strictSame([limiter.inFlight, limiter.queued], [2, 0]);
});

t.test("a place that comes free goes to the most urgent, then to who asked first", async (t) => {
  const limiter = new Limiter({ concurrencyMax: 1, queuedMax: 10 });
  const granted: string[] = [];
  const ask = asker(limiter, granted);
  let held = await ask("holder", awaited);
  const asked = [
    ask("lookahead 1", lookahead),
    ask("lookahead 2", lookahead),
    ask("awaited 1", awaited),
    ask("awaited 2", awaited),
  ];
  for (const at of [2, 3, 0, 1]) {
    held.release();
    held = await (asked[at] as Promise<Ticket>);
  }
  t.strictSame(granted.slice(1), ["awaited 1", "awaited 2", "lookahead 1", "lookahead 2"]);
});

t.test("lookahead that becomes awaited while it waits is as urgent as any", async (t) => {
  const limiter = new Limiter({ concurrencyMax: 1, queuedMax: 10 });
  const granted: string[] = [];
  const ask = asker(limiter, granted);
  const held = await ask("holder", awaited);
  let priority: Priority = "lookahead";
  void ask("first lookahead", lookahead);
  void ask("promoted", () => priority);
  priority = "awaited";
  held.release();
  await turn();
  t.strictSame(granted, ["holder", "promoted"]);
});

t.test("a queued job whose signal aborts leaves with the signal's reason and takes no place", async (t) => {
  const limiter = new Limiter({ concurrencyMax: 1, queuedMax: 10 });
  const granted: string[] = [];
  const ask = asker(limiter, granted);
  const held = await ask("holder", awaited);
  const abort = new AbortController();
  const leaving = ask("leaving", awaited, abort.signal);
  const staying = ask("staying", awaited);
  const reason = new Error("the client has gone");
  abort.abort(reason);
  await t.rejects(leaving, reason);
  t.equal(limiter.queued, 1);
  held.release();
  (await staying).release();
  await turn();
  t.strictSame(granted, ["holder", "staying"]);
  t.equal(limiter.inFlight, 0, "the place of the one that left is free");
});

t.test(
  "a signal that has aborted before is refused at once; one that aborts after the grant is not heard",
  async (t) => {
    const limiter = new Limiter({ concurrencyMax: 1, queuedMax: 10 });
    const reason = new Error("gone");
    await t.rejects(limiter.acquire(awaited, AbortSignal.abort(reason)), reason);
    const abort = new AbortController();
    const ticket = await limiter.acquire(awaited, abort.signal);
    abort.abort(reason);
    t.equal(limiter.inFlight, 1);
    ticket.release();
    await turn();
    t.equal(limiter.inFlight, 0);
  },
);

t.test("the queue is bounded: one more than it holds is ORIGIN_BUSY at once", async (t) => {
  const limiter = new Limiter({ concurrencyMax: 1, queuedMax: 2 });
  const held = await limiter.acquire(awaited, never);
  const queued = [limiter.acquire(awaited, never), limiter.acquire(awaited, never)];
  await t.rejects(limiter.acquire(awaited, never), {
    code: "ORIGIN_BUSY",
    source: "self",
    message: "Queueing a sub-request: expected at most 2 waiting, got 2",
    facts: { queuedMax: 2 },
  });
  held.release();
  for (const one of queued) (await one).release();
});

t.test("a queue of none still serves as many as there are places", async (t) => {
  const limiter = new Limiter({ concurrencyMax: 2, queuedMax: 0 });
  const tickets = [limiter.acquire(awaited, never), limiter.acquire(awaited, never)];
  await t.rejects(limiter.acquire(awaited, never), { code: "ORIGIN_BUSY" });
  for (const one of tickets) (await one).release();
});

t.test("tryAcquire() takes a place only when one is free and nobody waits", async (t) => {
  const limiter = new Limiter({ concurrencyMax: 2, queuedMax: 10 });
  const first = limiter.tryAcquire();
  const second = limiter.tryAcquire();
  t.ok(first && second);
  t.equal(limiter.tryAcquire(), undefined);
  t.equal(limiter.inFlight, 2);
  const waiting = limiter.acquire(awaited, never);
  first?.release();
  t.equal(limiter.tryAcquire(), undefined, "it belongs to the one who waits");
  second?.release();
  (await waiting).release();
  await turn();
  t.equal(limiter.inFlight, 0);
});

t.test("release() twice gives one place back; releaseUnused() none that is in use", async (t) => {
  const limiter = new Limiter({ concurrencyMax: 2, queuedMax: 10 });
  const [first, second] = [limiter.tryAcquire(), limiter.tryAcquire()] as [Ticket, Ticket];
  first.release();
  first.release();
  await turn();
  t.equal(limiter.inFlight, 1);
  second.use();
  second.releaseUnused();
  await turn();
  t.equal(limiter.inFlight, 1);
  second.release();
  await turn();
  t.equal(limiter.inFlight, 0);
  const released: string[] = [];
  new Ticket(() => released.push("unused")).releaseUnused();
  t.strictSame(released, ["unused"]);
});
