// Clients that ask for one representation at once: every slice is fetched once, and nobody waits for nothing.

import { get } from "node:http";
import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import { type Flow, flowTest, inFlight, KiB, until } from "./support/flow.ts";
import { hit, miss, part, whole } from "./support/shown.ts";

const path = "/1MiB/a";
const length = 1024 * KiB;
const collapsed = "mandoline; fwd=uri-miss; stored; collapsed";

/** Holds the head of the first answer until it is opened. */
function heldProbe(flow: Flow) {
  const holding = latch();
  flow.origin.script = (_, index) => (index === 0 ? lies.headAfter(holding.opened) : lies.honest);
  return holding;
}

flowTest("20 cold clients at once: each slice is fetched once", {}, async (t, flow) => {
  const holding = heldProbe(flow);
  const answers = Array.from({ length: 20 }, () => flow.get(path));
  await inFlight(flow, 20);
  holding.open();
  const [first, ...others] = await Promise.all(answers);
  t.strictSame(first, whole(path, length, miss));
  for (const other of others) t.strictSame(other, whole(path, length, collapsed));
  t.strictSame(flow.asked().toSorted(), slicesAsked().toSorted());
  t.equal(flow.origin.bodyBytes(), length);
});

function slicesAsked(): string[] {
  return Array.from({ length: 8 }, (_, index) => {
    const range = `${index * 131072}-${index * 131072 + 131071}`;
    return `GET ${path} ${range}${index === 0 ? "" : " if-match"}`;
  });
}

flowTest("clients with different ranges share the pages that are in flight", {}, async (t, flow) => {
  const holding = latch();
  flow.origin.script = (_, index) => (index === 0 ? lies.stalledAfter(0, holding.opened) : lies.honest);
  const first = flow.get(path, "0-131071");
  await flow.origin.asked(1);
  await until(flow.proxy.held, ({ pagesInUse }) => pagesInUse === 2);
  const second = flow.get(path, "65536-140000");
  const third = flow.get(path, "10-19");
  await flow.origin.asked(2);
  holding.open();
  t.match(await first, part(path, 0, 131071, length, miss));
  t.match(await second, { status: 206, body: "65536-140000" });
  t.match(await third, { status: 206, body: "10-19" });
  t.strictSame(flow.asked(), [`GET ${path} 0-131071`, `GET ${path} 131072-196607 if-match`]);
});

flowTest("the client that began goes away before the head: the others get the whole", {}, async (t, flow) => {
  const holding = heldProbe(flow);
  const leader = get(flow.url + path, { agent: false });
  leader.on("error", () => undefined);
  await flow.origin.asked(1);
  const others = [flow.get(path), flow.get(path)];
  await inFlight(flow, 3);
  leader.destroy();
  holding.open();
  for (const other of await Promise.all(others)) t.strictSame(other, whole(path, length, collapsed));
  t.equal(flow.origin.bodyBytes(), length);
});

flowTest("the client that began goes away in mid-body: the others get the whole", {}, async (t, flow) => {
  const holding = latch();
  flow.origin.script = (_, index) => (index === 0 ? lies.stalledAfter(70_000, holding.opened) : lies.honest);
  const leader = get(flow.url + path, { agent: false });
  leader.on("error", () => undefined);
  await new Promise((resolve) => leader.once("response", resolve));
  const others = [flow.get(path), flow.get(path)];
  await inFlight(flow, 3);
  leader.destroy();
  await inFlight(flow, 2);
  holding.open();
  for (const other of await Promise.all(others))
    t.match(other, { status: 200, body: "0-1048575", aborted: false });
  t.equal(flow.origin.bodyBytes(), length);
});

flowTest("the leader's probe fails once: it is retried for all", {}, async (t, flow) => {
  const holding = latch();
  flow.origin.script = async (_, index) => {
    if (index > 0) return lies.honest;
    await holding.opened;
    return lies.unavailable();
  };
  const answers = Array.from({ length: 5 }, () => flow.get(path));
  await inFlight(flow, 5);
  holding.open();
  for (const answer of await Promise.all(answers)) t.match(answer, { status: 200, body: "0-1048575" });
  t.strictSame(flow.asked().toSorted(), [`GET ${path} 0-131071`, ...slicesAsked()].toSorted());
});

flowTest("a run that fails is retried for all its readers", {}, async (t, flow) => {
  const holding = heldProbe(flow);
  let failed = false;
  const { script } = flow.origin;
  flow.origin.script = (request, index) => {
    if (failed || !request.range?.startsWith("bytes=262144-")) return script(request, index);
    failed = true;
    return lies.cutAfter(1000);
  };
  const answers = Array.from({ length: 5 }, () => flow.get(path));
  await inFlight(flow, 5);
  holding.open();
  for (const answer of await Promise.all(answers)) t.match(answer, { status: 200, body: "0-1048575" });
  t.equal(flow.asked().length, 9);
  t.equal(flow.origin.bodyBytes(), length);
});

flowTest("what may not be kept releases all followers at once, each on its own", {}, async (t, flow) => {
  const holding = latch();
  const noStore = { headers: { "cache-control": "no-store" } };
  flow.origin.script = (_, index) => (index === 0 ? { ...noStore, headAfter: holding.opened } : noStore);
  const answers = Array.from({ length: 4 }, () => flow.get("/1000B/a"));
  await inFlight(flow, 4);
  holding.open();
  for (const answer of await Promise.all(answers))
    t.match(answer, { status: 200, body: "0-999", aborted: false });
  t.equal(flow.asked().length, 4);
});

flowTest(
  "what may not be kept is remembered: later requests don't wait for each other",
  {},
  async (t, flow) => {
    const noStore = { headers: { "cache-control": "no-store" } };
    const holding = latch();
    flow.origin.script = () => noStore;
    await flow.get("/1000B/a");
    flow.origin.script = () => ({ ...noStore, headAfter: holding.opened });
    const answers = [flow.get("/1000B/a"), flow.get("/1000B/a")];
    await flow.origin.asked(3);
    holding.open();
    for (const answer of await Promise.all(answers)) t.match(answer, { status: 200, body: "0-999" });
  },
);

flowTest("requests with Authorization go alone", {}, async (t, flow) => {
  const holding = latch();
  flow.origin.script = () => ({ headers: { "cache-control": "max-age=60" }, headAfter: holding.opened });
  const mine = flow.get("/1000B/a", undefined, { authorization: "Basic a" });
  const yours = flow.get("/1000B/a", undefined, { authorization: "Basic b" });
  await flow.origin.asked(2);
  holding.open();
  t.match(await mine, { status: 200, body: "0-999" });
  t.match(await yours, { status: 200, body: "0-999" });
  t.match(flow.origin.log.map(({ headers }) => headers.authorization).toSorted(), ["Basic a", "Basic b"]);
  flow.asked();
  t.notMatch(await flow.get("/1000B/a"), { fields: { "cache-status": hit } });
});

flowTest(
  "a fast client is not slowed by one that doesn't read",
  { config: { memoryBytesMax: 2048 * KiB } },
  async (t, flow) => {
    const slow = get(`${flow.url}/16MiB/a`, { agent: false });
    const stuck = await new Promise<import("node:http").IncomingMessage>((resolve) =>
      slow.once("response", resolve),
    );
    stuck.on("error", () => undefined);
    stuck.pause();
    t.match(await flow.get("/16MiB/a"), { status: 200, body: `0-${16 * length - 1}`, aborted: false });
    stuck.destroy();
  },
);
