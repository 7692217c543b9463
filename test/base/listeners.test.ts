import t from "tap";
import { Listeners } from "../../src/base/listeners.ts";

t.test("callAll() calls each listener once, in order of asking", async (t) => {
  const listeners = new Listeners();
  const called: string[] = [];
  listeners.once(() => called.push("a"));
  listeners.once(() => called.push("b"));
  listeners.callAll();
  listeners.callAll();
  t.strictSame(called, ["a", "b"]);
  t.equal(listeners.size, 0);
});

t.test("a listener that asks again while it is called waits for the next event", async (t) => {
  const listeners = new Listeners();
  let calls = 0;
  const again = () => {
    calls += 1;
    listeners.once(again);
  };
  listeners.once(again);
  listeners.callAll();
  t.equal(calls, 1);
  listeners.callAll();
  t.equal(calls, 2);
});

t.test("remove() takes one away, and is nothing for one that is not there", async (t) => {
  const listeners = new Listeners();
  const called: string[] = [];
  const first = () => called.push("first");
  listeners.once(first);
  listeners.once(() => called.push("second"));
  listeners.remove(first);
  listeners.remove(first);
  listeners.callAll();
  t.strictSame(called, ["second"]);
});
