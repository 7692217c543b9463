// Over real sockets: what goes wrong at an origin, as the failure that it becomes, and back-pressure.

import { createServer, type Socket } from "node:net";
import t, { type Test } from "tap";
import { systemClock } from "../../src/base/clock.ts";
import { MandolineError } from "../../src/base/errors.ts";
import { expectedBytes } from "../../src/cli/demo/known-bytes.ts";
import type { Exchange, OriginRequest } from "../../src/origin/exchange.ts";
import { OriginClient } from "../../src/origin/origin-client.ts";
import { freePort } from "../support/child-server.ts";
import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import { type Lie, type ScriptedOrigin, startOrigin } from "../support/origin.ts";

interface Setup {
  readonly origin: ScriptedOrigin;
  readonly client: OriginClient;
}

function clientOf(t: Test, url: string, waits: { headMs?: number; idleMs?: number } = {}): OriginClient {
  const client = new OriginClient({
    origin: new URL(url),
    connectionsMax: 4,
    connectMs: 1000,
    headMs: 60_000,
    idleMs: 60_000,
    clock: systemClock,
    ...waits,
  });
  t.teardown(() => client.close());
  return client;
}

async function setup(
  t: Test,
  lie: Lie = {},
  waits: { headMs?: number; idleMs?: number } = {},
): Promise<Setup> {
  const origin = await startOrigin(() => lie);
  t.teardown(() => origin.close());
  return { origin, client: clientOf(t, origin.url, waits) };
}

function get(path: string, ...fields: string[]): OriginRequest {
  return { method: "GET", path, fields };
}

async function bodyOf(exchange: Exchange): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await exchange.read((chunk) => chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
}

t.test("open() and read(): head and bytes of a range, the fields as they were sent", async (t) => {
  const { origin, client } = await setup(t);
  const exchange = await client.open(get("/1KB/a", "Range", "bytes=10-19", "X-Own", "1"));
  t.equal(exchange.head.status, 206);
  t.strictSame(await bodyOf(exchange), expectedBytes("/1KB/a", 10, 20));
  t.match(origin.log, [{ range: "bytes=10-19", headers: { "x-own": "1" } }]);
});

t.test(
  "the head keeps order, case, repetition and latin1 of the field lines; 1xx are passed over",
  async (t) => {
    const head = "HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nX-Latin: \xe4\r\nContent-Length: 0\r\n\r\n";
    const raw = Buffer.from(`HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n${head}`, "latin1");
    const { client } = await setup(t, { raw });
    const exchange = await client.open(get("/1KB/a"));
    t.strictSame(exchange.head.fields, ["X-A", "1", "x-a", "2", "X-Latin", "\xe4", "Content-Length", "0"]);
    t.strictSame(await bodyOf(exchange), Buffer.alloc(0));
  },
);

t.test(
  "a refused connection is ORIGIN_UNREACHABLE; the query, which may be signed, is not told",
  async (t) => {
    const port = await freePort();
    const client = clientOf(t, `http://127.0.0.1:${port}`);
    await t.rejects(client.open(get("/a?signature=secret")), {
      code: "ORIGIN_UNREACHABLE",
      source: "origin",
      advice: { retry: true },
      message: `GET http://127.0.0.1:${port}/a: expected a response head, got ECONNREFUSED (connect ECONNREFUSED 127.0.0.1:${port})`,
      facts: { systemCode: "ECONNREFUSED", phase: "head" },
    });
  },
);

t.test("a reset, an end or nonsense before the head is ORIGIN_UNREACHABLE", async (t) => {
  for (const lie of [lies.reset, { raw: "" }, { raw: "nonsense\r\n\r\n" }]) {
    const { client } = await setup(t, lie);
    await t.rejects(client.open(get("/1KB/a")), { code: "ORIGIN_UNREACHABLE", facts: { phase: "head" } });
  }
});

t.test("a head that does not come is ORIGIN_TIMEOUT", async (t) => {
  const opened = latch();
  const { client } = await setup(t, lies.headAfter(opened.opened), { headMs: 10 });
  await t.rejects(client.open(get("/1KB/a")), {
    code: "ORIGIN_TIMEOUT",
    facts: { systemCode: "UND_ERR_HEADERS_TIMEOUT", phase: "head" },
  });
  opened.open();
});

t.test("a body that stalls is ORIGIN_TIMEOUT; what came before has been handed over", async (t) => {
  const opened = latch();
  const { client } = await setup(t, lies.stalledAfter(100, opened.opened), { idleMs: 10 });
  const exchange = await client.open(get("/1KB/a"));
  let bytes = 0;
  const read = exchange.read((chunk) => {
    bytes += chunk.length;
  });
  await t.rejects(read, {
    code: "ORIGIN_TIMEOUT",
    facts: { systemCode: "UND_ERR_BODY_TIMEOUT", phase: "body" },
  });
  t.equal(bytes, 100);
  opened.open();
});

t.test("a body that is cut is ORIGIN_BODY_SHORT; what came before has been handed over", async (t) => {
  const { client } = await setup(t, lies.cutAfter(100));
  const exchange = await client.open(get("/1KB/a"));
  let bytes = 0;
  const read = exchange.read((chunk) => {
    bytes += chunk.length;
  });
  await t.rejects(read, { code: "ORIGIN_BODY_SHORT", advice: { retry: true }, facts: { phase: "body" } });
  t.equal(bytes, 100);
});

t.test("what the reader throws aborts the exchange, and is what read() rejects with", async (t) => {
  const { client } = await setup(t);
  const exchange = await client.open(get("/1MiB/a"));
  const tooLong = new MandolineError("ORIGIN_BODY_LONG", "Fetching", { source: "origin" });
  const settled = latch();
  exchange.onSettled(settled.open);
  await t.rejects(
    exchange.read(() => {
      throw tooLong;
    }),
    tooLong,
  );
  await settled.opened;
});

t.test("abort() ends a body with its reason, also before it is read, and never after its end", async (t) => {
  const reason = new MandolineError("CANCELLED", "Relaying", { source: "client" });
  const { client } = await setup(t);
  const unread = await client.open(get("/1MiB/a"));
  unread.abort(reason);
  await t.rejects(bodyOf(unread), reason);
  const through = await client.open(get("/1KB/a"));
  await bodyOf(through);
  through.abort(reason);
  t.equal((await bodyOf(await client.open(get("/1KB/a")))).length, 1000);
});

t.test("discard() reads a small body to keep its connection, and breaks off a large one", async (t) => {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket.on("error", () => undefined));
    socket.on("data", (asked) => {
      const bytes = String(asked).includes("/large") ? 2 ** 26 : 1000;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`);
      socket.write(Buffer.alloc(bytes));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const address = server.address();
  const client = clientOf(t, `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
  for (const path of ["/small", "/small", "/large", "/small"]) {
    const exchange = await client.open(get(path));
    const settled = latch();
    exchange.onSettled(settled.open);
    exchange.discard();
    await settled.opened;
  }
  t.equal(connections.size, 2, "three requests on the first connection, and a new one after the large body");
});

t.test("nothing is handed over before read(), while paused, or while chunks() has a chunk out", async (t) => {
  const { client } = await setup(t);
  const roundTrips = async () => {
    for (let trip = 0; trip < 20; trip += 1) await bodyOf(await client.open(get("/1KB/b")));
  };
  const exchange = await client.open(get("/4MiB/a"));
  await roundTrips();
  const sizes: number[] = [];
  const through = exchange.read((chunk) => {
    sizes.push(chunk.length);
    exchange.pause();
  });
  await roundTrips();
  t.equal(sizes.length, 1);
  exchange.resume();
  await roundTrips();
  t.equal(sizes.length, 2);
  exchange.abort(new MandolineError("CANCELLED", "Reading", { source: "self" }));
  await t.rejects(through, { code: "CANCELLED" });
});

t.test("chunks() gives every byte in order to a slow reader, and throws what cut the body", async (t) => {
  const { origin, client } = await setup(t);
  const read = async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of (await client.open(get("/4MiB/a"))).chunks()) {
      chunks.push(Buffer.from(chunk));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return Buffer.concat(chunks);
  };
  t.ok((await read()).equals(expectedBytes("/4MiB/a", 0, 4 * 2 ** 20)));
  origin.script = () => lies.cutAfter(1000);
  await t.rejects(read(), { code: "ORIGIN_BODY_SHORT" });
});

t.test("onSettled() is called once nothing is under way, at once when that is so already", async (t) => {
  const { client } = await setup(t);
  const exchange = await client.open(get("/1KB/a"));
  const settled: string[] = [];
  exchange.onSettled(() => settled.push("at the end"));
  t.strictSame(settled, []);
  await bodyOf(exchange);
  exchange.onSettled(() => settled.push("after it"));
  t.strictSame(settled, ["at the end", "after it"]);
});
