// Opening an answer, the places that it holds, and what opens the circuit before an origin.

import t, { type Test } from "tap";
import { originFailed } from "../../src/base/channels.ts";
import { expectedBytes } from "../../src/cli/demo/known-bytes.ts";
import type { OpenRequest } from "../../src/origin/attempts.ts";
import type { Exchange } from "../../src/origin/exchange.ts";
import type { Origin, OriginOptions } from "../../src/origin/origin.ts";
import { freePort } from "../support/child-server.ts";
import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import { type Script, type ScriptedOrigin, startOrigin } from "../support/origin.ts";
import { BufferSink, originBefore, runOf } from "../support/sink.ts";

const breaker = { errorPercent: 50, volumeMin: 4, windowMs: 60_000, openMs: 60_000 };

async function setup(
  t: Test,
  script: Script,
  options: Partial<OriginOptions> = {},
): Promise<{ served: ScriptedOrigin; origin: Origin }> {
  const served = await startOrigin(script);
  t.teardown(() => served.close());
  return { served, origin: originBefore(t, served.url, options) };
}

function asking(path = "/10KB/a"): OpenRequest {
  return {
    request: { method: "GET", path, fields: [] },
    priority: () => "awaited",
    signal: new AbortController().signal,
    slot: "until-body",
  };
}

async function bodyOf(exchange: Exchange): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await exchange.read((chunk) => chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

t.test("open() asks again until an answer comes, and tells what it hid", async (t) => {
  const told: string[] = [];
  t.teardown(originFailed.subscribe(({ code, message }) => told.push(`${code}: ${message}`)));
  const { served, origin } = await setup(t, (_, index) => [lies.unavailable(), lies.reset][index] ?? {});
  const exchange = await origin.open(asking("/10KB/a?signature=secret"));
  exchange.discard();
  t.equal(exchange.head.status, 200);
  t.equal(served.log.length, 3);
  t.match(told, [
    "ORIGIN_STATUS: Asking for /10KB/a: expected status 206, got 503",
    /^ORIGIN_UNREACHABLE: GET /,
  ]);
  t.notMatch(told.join(), /secret/);
});

t.test("open() gives the last failing status as the answer, with its body", async (t) => {
  const { served, origin } = await setup(t, () => lies.unavailable());
  const exchange = await origin.open(asking());
  t.equal(exchange.head.status, 503);
  t.strictSame(await bodyOf(exchange), Buffer.from("busy"));
  t.equal(served.log.length, 4);
  await turn();
  t.equal(origin.limiter.inFlight, 0);
});

t.test("open() takes 3xx and 4xx but 429 for answers: asked once", async (t) => {
  for (const status of [200, 301, 304, 401, 404, 410, 416]) {
    const { served, origin } = await setup(t, () => lies.status(status));
    const exchange = await origin.open(asking());
    exchange.discard();
    t.strictSame([exchange.head.status, served.log.length], [status, 1]);
  }
});

t.test("open() of an origin that is not there is ORIGIN_UNREACHABLE after four attempts", async (t) => {
  const origin = originBefore(t, `http://127.0.0.1:${await freePort()}`);
  const told: string[] = [];
  t.teardown(originFailed.subscribe(({ code }) => told.push(code)));
  await t.rejects(origin.open(asking()), {
    code: "ORIGIN_UNREACHABLE",
    facts: { systemCode: "ECONNREFUSED" },
  });
  t.strictSame(told, Array(4).fill("ORIGIN_UNREACHABLE"));
  await turn();
  t.equal(origin.limiter.inFlight, 0);
});

/** A range of it: the answer is a part, which holds a place. */
function askingPart(): OpenRequest {
  return { ...asking(), request: { method: "GET", path: "/10KB/a", fields: ["Range", "bytes=0-9999"] } };
}

t.test("a 200 is paced by a client: it gives its place back with the head", async (t) => {
  const { origin } = await setup(t, () => lies.honest);
  const paced = await origin.open(asking());
  await turn();
  t.equal(origin.limiter.inFlight, 0);
  t.equal((await bodyOf(paced)).length, 10_000);
});

t.test("a part holds its place until the body's end, or gives it back with the head", async (t) => {
  const { origin } = await setup(t, () => lies.honest);
  const held = await origin.open(askingPart());
  t.equal(origin.limiter.inFlight, 1);
  t.ok((await bodyOf(held)).equals(expectedBytes("/10KB/a", 0, 10_000)));
  await turn();
  t.equal(origin.limiter.inFlight, 0);
  const paced = await origin.open({ ...askingPart(), slot: "until-head" });
  await turn();
  t.equal(origin.limiter.inFlight, 0);
  t.equal((await bodyOf(paced)).length, 10_000);
});

t.test("never more sub-requests at the origin than places", async (t) => {
  const opened = latch();
  const { served, origin } = await setup(t, () => lies.headAfter(opened.opened), { subrequestsMax: 3 });
  const sinks = Array.from({ length: 10 }, (_, at) => new BufferSink(at * 1000, (at + 1) * 1000));
  const filled = Promise.all(sinks.map((sink) => origin.fill(runOf(sink))));
  await served.asked(3);
  t.strictSame([origin.limiter.inFlight, origin.limiter.queued], [3, 7]);
  opened.open();
  await filled;
  t.ok(Buffer.concat(sinks.map(({ bytes }) => bytes)).equals(expectedBytes("/10KB/a", 0, 10_000)));
  t.equal(served.peakConcurrent(), 3);
});

t.test("one URL that answers 503 does not shut the origin, however often it is asked", async (t) => {
  const script: Script = ({ path }) => (path === "/10KB/bad" ? lies.unavailable() : lies.honest);
  const { origin } = await setup(t, script, { breaker });
  for (let asked = 0; asked < 5; asked += 1) (await origin.open(asking("/10KB/bad"))).discard();
  t.equal(origin.breaker.state, "closed");
  t.equal((await bodyOf(await origin.open(asking("/10KB/good")))).length, 10_000);
});

t.test("the query is part of the URL: four of them with 503 shut the origin", async (t) => {
  const { origin } = await setup(t, () => lies.unavailable(), {
    breaker,
    retry: { retriesMax: 0, firstMs: 1, maxMs: 1 },
  });
  for (let asked = 0; asked < 4; asked += 1) (await origin.open(asking(`/10KB/a?part=${asked}`))).discard();
  t.equal(origin.breaker.state, "open");
});

t.test(
  "several URLs that answer 502, 503 or 504 shut it: ORIGIN_OPEN, and the origin is not asked",
  async (t) => {
    const { served, origin } = await setup(
      t,
      (_, index) => lies.status([502, 503, 504][index % 3] as number),
      {
        breaker,
        retry: { retriesMax: 0, firstMs: 1, maxMs: 1 },
      },
    );
    for (const name of ["a", "b", "c", "d"]) (await origin.open(asking(`/10KB/${name}`))).discard();
    t.equal(origin.breaker.state, "open");
    await t.rejects(origin.open(asking("/10KB/e")), {
      code: "ORIGIN_OPEN",
      advice: { retry: false },
      facts: { retryAfterMs: 60_000 },
    });
    t.equal(served.log.length, 4);
    await turn();
    t.equal(origin.limiter.inFlight, 0);
  },
);

t.test("500, 404 and 429 of many URLs do not speak against the origin", async (t) => {
  const { origin } = await setup(t, (_, index) => lies.status([500, 404, 429][index % 3] as number), {
    breaker,
    retry: { retriesMax: 0, firstMs: 1, maxMs: 1 },
  });
  for (let asked = 0; asked < 12; asked += 1) (await origin.open(asking(`/10KB/${asked}`))).discard();
  t.equal(origin.breaker.state, "closed");
});

t.test("a connection that cannot be made counts each time, whatever the URL", async (t) => {
  const origin = originBefore(t, `http://127.0.0.1:${await freePort()}`, { breaker });
  await t.rejects(origin.open(asking()), { code: "ORIGIN_UNREACHABLE" });
  t.equal(origin.breaker.state, "open", "one request of four attempts");
});

t.test("too many that wait: ORIGIN_BUSY at once, not tried again", async (t) => {
  const { served, origin } = await setup(t, () => lies.honest, { subrequestsMax: 1, queuedMax: 0 });
  const held = await origin.open(askingPart());
  await t.rejects(origin.open(asking()), { code: "ORIGIN_BUSY", source: "self" });
  t.equal(served.log.length, 1);
  await bodyOf(held);
});
