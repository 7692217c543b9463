// What the proxy never exceeds: sub-requests at once, bytes ahead of a client, the budget of slice memory.

import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import { flowTest, KiB, settled, sliceBytes, until } from "./support/flow.ts";
import { fieldsOf, hit, miss, part, whole } from "./support/shown.ts";

const MiB = 1024 * KiB;
const path = "/4MiB/a";

async function stopped(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), "response")) as [IncomingMessage];
  response.on("error", () => undefined);
  response.pause();
  return response;
}

async function drained(response: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  return bytes;
}

for (const width of [1, 2, 4]) {
  const config = { maxConcurrentSubrequests: width, memoryBytesMax: 16 * MiB };
  flowTest(`one client has ${width} sub-requests at once, and not one more`, { config }, async (t, flow) => {
    const holding = latch();
    flow.origin.script = (_, index) => (index === 0 ? {} : lies.headAfter(holding.opened));
    const answer = flow.get(path);
    await flow.origin.asked(1 + width);
    holding.open();
    t.strictSame(await answer, whole(path, 4 * MiB, miss));
    t.equal(flow.origin.peakConcurrent(), width);
    t.equal(flow.asked().length, 32);
  });
}

flowTest(
  "all clients together have max_concurrent_subrequests_per_origin, and not one more",
  { config: { maxConcurrentSubrequestsPerOrigin: 3 } },
  async (t, flow) => {
    const names = ["a", "b", "c", "d", "e"].map((name) => `/1MiB/${name}`);
    const holding = latch();
    flow.origin.script = () => lies.headAfter(holding.opened);
    const asked = names.map((name) => flow.get(name));
    await flow.origin.asked(3);
    holding.open();
    const answers = await Promise.all(asked);
    for (const [at, name] of names.entries()) t.strictSame(answers[at], whole(name, MiB, miss));
    t.equal(flow.origin.peakConcurrent(), 3);
    t.equal(flow.origin.bodyBytes(), 5 * MiB);
  },
);

flowTest(
  "beyond max_queued_subrequests a client gets 503 with Retry-After",
  { config: { maxConcurrentSubrequestsPerOrigin: 1, maxQueuedSubrequests: 1, maxRetries: 0 } },
  async (t, flow) => {
    const holding = latch();
    flow.origin.script = () => lies.headAfter(holding.opened);
    const first = flow.get("/1000B/a");
    await flow.origin.asked(1);
    const others = ["b", "c", "d"].map((name) => flow.get(`/1000B/${name}`));
    const refused = await Promise.race(others);
    t.strictSame(refused, {
      status: 503,
      fields: {
        "content-length": "0",
        "cache-control": "no-store",
        "retry-after": "1",
        via: "1.1 mandoline",
        "cache-status": 'mandoline; fwd=miss; detail="ORIGIN_BUSY"',
      },
      body: "none",
      aborted: false,
    });
    holding.open();
    t.match(await first, { status: 200, body: "0-999" });
    const statuses = (await Promise.all(others)).map(({ status }) => status);
    t.strictSame(statuses.toSorted(), [200, 503, 503]);
  },
);

flowTest(
  "lookahead opens when the client has taken 128 KiB, not before",
  { config: { sliceBytes: 64 * KiB } },
  async (t, flow) => {
    const holding = latch();
    // The third slice is held: two of them, 128 KiB, are what the client has been sent by then.
    flow.origin.script = ({ range }) =>
      range === "bytes=131072-196607" ? lies.headAfter(holding.opened) : {};
    const answer = flow.get(path);
    await flow.origin.asked(6);
    holding.open();
    t.strictSame(await answer, whole(path, 4 * MiB, miss));
    const asked = flow.asked();
    t.strictSame(asked.slice(0, 2), [`GET ${path} 0-65535`, `GET ${path} 65536-131071 if-match`]);
    t.equal(asked.length, 64);
  },
);

flowTest("a player that asks bytes=0- and hangs up costs its first slice", {}, async (t, flow) => {
  const holding = latch();
  flow.origin.script = () => lies.stalledAfter(100_000, holding.opened);
  const [response] = (await once(
    get(flow.url + path, { agent: false, headers: { range: "bytes=0-" } }),
    "response",
  )) as [IncomingMessage];
  response.on("error", () => undefined);
  response.destroy();
  holding.open();
  await settled(flow.proxy);
  t.ok(flow.asked().length <= 2);
  t.ok(flow.origin.bodyBytes() <= 2 * sliceBytes, `${flow.origin.bodyBytes()} bytes`);
});

flowTest(
  "a client that stops reading holds the origin to its window, and no page is pinned for it",
  { config: { memoryBytesMax: 4 * MiB } },
  async (t, flow) => {
    const response = await stopped(`${flow.url}/64MiB/a`);
    let [before, same] = [-1, 0];
    await until(flow.origin.bodyBytes, (now) => {
      same = now === before ? same + 1 : 0;
      before = now;
      return same > 100;
    });
    t.ok(before < 32 * MiB, `${before} bytes for a client that reads none`);
    t.ok(flow.proxy.held().reservedBytes <= 4 * MiB);
    t.equal(await drained(response), 64 * MiB);
  },
);

flowTest(
  "a representation larger than the budget passes whole; what stays of it is the end",
  { config: { memoryBytesMax: 1 * MiB } },
  async (t, flow) => {
    t.strictSame(await flow.get("/16MiB/a"), whole("/16MiB/a", 16 * MiB, miss));
    t.equal(flow.origin.bodyBytes(), 16 * MiB);
    flow.asked();
    const last = 16 * MiB - 1;
    t.strictSame(await flow.get("/16MiB/a", "-100"), part("/16MiB/a", last - 99, last, 16 * MiB, hit));
    t.strictSame(flow.asked(), []);
    t.match(await flow.get("/16MiB/a"), { status: 200, body: `0-${last}`, aborted: false });
  },
);

flowTest(
  "20 clients with different representations share a budget of 8 slices: all are whole",
  { config: { memoryBytesMax: 8 * sliceBytes } },
  async (t, flow) => {
    const names = Array.from({ length: 20 }, (_, at) => `/1MiB/${at}`);
    const answers = await Promise.all(names.map((name) => flow.get(name)));
    for (const [at, name] of names.entries()) t.strictSame(answers[at], whole(name, MiB, miss));
    t.ok(flow.origin.bodyBytes() <= 1.25 * 20 * MiB, `${flow.origin.bodyBytes()} bytes from the origin`);
  },
);

flowTest(
  "a budget full of fills in flight: who comes next waits for room, and is served when there is some",
  { config: { memoryBytesMax: 4 * sliceBytes } },
  async (t, flow) => {
    const holding = latch();
    flow.origin.script = () => lies.stalledAfter(1000, holding.opened);
    const first = ["a", "b", "c", "d"].map((name) => flow.get(`/128KiB/${name}`));
    await until(flow.proxy.held, ({ pagesInUse }) => pagesInUse === 8);
    const late = flow.get("/128KiB/e");
    await flow.origin.asked(5);
    holding.open();
    for (const answer of await Promise.all(first)) t.match(answer, { status: 200, body: "0-131071" });
    t.strictSame(await late, {
      ...whole("/128KiB/e", sliceBytes, miss),
      fields: { ...fieldsOf("/128KiB/e"), "content-length": String(sliceBytes), "cache-status": miss },
    });
  },
);

flowTest(
  "a budget that stays full for 5 s is 503 with Retry-After, and no crash",
  { config: { memoryBytesMax: 4 * sliceBytes } },
  async (t, flow) => {
    const holding = latch();
    flow.origin.script = () => lies.stalledAfter(1000, holding.opened);
    const first = ["a", "b", "c", "d"].map((name) => flow.get(`/128KiB/${name}`));
    await until(flow.proxy.held, ({ pagesInUse }) => pagesInUse === 8);
    t.match(await flow.get("/128KiB/e"), { status: 503, fields: { "retry-after": "1" }, body: "none" });
    holding.open();
    for (const answer of await Promise.all(first)) t.match(answer, { status: 200, body: "0-131071" });
    t.match(await flow.get("/128KiB/e"), { status: 200, body: "0-131071" });
  },
);
