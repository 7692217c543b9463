// The reader of runs over real sockets: the same failures as the other client's, connections used again, and whatever
// is out of the ordinary left to the other one.

import { createServer, type Socket } from "node:net";
import t, { type Test } from "tap";
import { MandolineError } from "../../src/base/errors.ts";
import { epochMs } from "../../src/base/units.ts";
import { expectedBytes } from "../../src/cli/demo/known-bytes.ts";
import type { Exchange, OriginHead, OriginRequest } from "../../src/origin/exchange.ts";
import { PartClient } from "../../src/origin/part-client.ts";
import { freePort } from "../support/child-server.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Counter, latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import { type Lie, startOrigin } from "../support/origin.ts";

function clientOf(t: Test, url: string, clock: FakeClock = new FakeClock(), idleMs = 60_000): PartClient {
  const client = new PartClient({ origin: new URL(url), connectMs: 1000, headMs: 5000, idleMs, clock });
  t.teardown(() => client.close());
  return client;
}

async function servedBy(t: Test, lie: Lie): Promise<string> {
  const origin = await startOrigin(() => lie);
  t.teardown(() => origin.close());
  return origin.url;
}

/** A server that answers each request with the next of these texts, in as many pieces. */
async function scripted(
  t: Test,
  answers: readonly (readonly string[])[],
): Promise<{ url: string; sockets: Socket[]; asked: string[] }> {
  const sockets: Socket[] = [];
  const asked: string[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket.on("error", () => undefined));
    socket.on("data", async (text) => {
      const pieces = answers[asked.push(String(text)) - 1] ?? [];
      for (const piece of pieces) {
        socket.write(piece, "latin1");
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, sockets, asked };
}

function get(path = "/10KB/a", ...fields: string[]): OriginRequest {
  return { method: "GET", path, fields: ["Host", "example.com", ...fields] };
}

async function opened(client: PartClient, request = get()): Promise<Exchange> {
  const exchange = await client.open(request);
  if (!exchange) throw new Error("expected an answer that it is sure of");
  return exchange;
}

async function bodyOf(exchange: Exchange): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await exchange.read((chunk) => chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
}

t.test("it reads head and bytes, one connection for one request after another", async (t) => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  const { url, sockets, asked } = await scripted(t, [
    [`${head}abcde`],
    [...head, "f", "gh", "ij"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
    [head, "klmno"],
  ]);
  const client = clientOf(t, url);
  const bodies: string[] = [];
  for (let request = 0; request < 4; request += 1) {
    bodies.push((await bodyOf(await opened(client, get("/a?b=c", "Range", "bytes=0-4")))).toString());
  }
  t.strictSame(bodies, ["abcde", "fghij", "", "klmno"]);
  t.equal(sockets.length, 1);
  t.equal(
    asked[0],
    "GET /a?b=c HTTP/1.1\r\nHost: example.com\r\nRange: bytes=0-4\r\nConnection: keep-alive\r\n\r\n",
  );
});

t.test("several at once have a connection each, and one buffer does not mix their bytes", async (t) => {
  const client = clientOf(t, await servedBy(t, {}));
  const names = ["a", "b", "c", "d"];
  const bodies = await Promise.all(
    names.map(async (name) => bodyOf(await opened(client, get(`/1MiB/${name}`)))),
  );
  for (const [at, name] of names.entries()) {
    t.ok(bodies[at]?.equals(expectedBytes(`/1MiB/${name}`, 0, 2 ** 20)), name);
  }
});

t.test("chunks() keeps its bytes although the buffer is used again", async (t) => {
  const client = clientOf(t, await servedBy(t, {}));
  const chunks: Buffer[] = [];
  for await (const chunk of (await opened(client, get("/1MiB/a"))).chunks()) {
    chunks.push(chunk);
    await bodyOf(await opened(client, get("/10KB/b")));
  }
  t.ok(Buffer.concat(chunks).equals(expectedBytes("/1MiB/a", 0, 2 ** 20)));
});

function headOf(status: number, ...fields: string[]): OriginHead {
  return { status, fields, requestedAt: epochMs(0), respondedAt: epochMs(0), headMs: 1 };
}

t.test("it serves once the other client was answered by a part that is framed plainly", async (t) => {
  const client = clientOf(t, await servedBy(t, {}));
  t.equal(client.serves, false);
  client.learn(headOf(200, "Content-Length", "5"));
  client.learn(headOf(206));
  client.learn(headOf(206, "Content-Length", "5", "Transfer-Encoding", "chunked"));
  t.equal(client.serves, false);
  client.learn(headOf(206, "Content-Length", "5"));
  t.equal(client.serves, true);
});

t.test("an answer that it is not sure of is left to the other client, which asks for a minute", async (t) => {
  const clock = new FakeClock();
  const client = clientOf(t, await servedBy(t, lies.chunked), clock);
  const plain = headOf(206, "Content-Length", "5");
  client.learn(plain);
  t.equal(await client.open(get()), undefined);
  client.learn(plain);
  await clock.advance(59_999);
  t.equal(client.serves, false);
  await clock.advance(1);
  t.equal(client.serves, true);
});

t.test("more bytes than the head told of, at once or later, never reach the reader", async (t) => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  const atOnce = await scripted(t, [[`${head}abcdefgh`]]);
  t.equal(await clientOf(t, atOnce.url).open(get()), undefined);
  const later = await scripted(t, [[`${head}ab`], [`${head}fghij`]]);
  const client = clientOf(t, later.url);
  let body = "";
  const exchange = await opened(client);
  await exchange.read((chunk) => {
    if (body === "") later.sockets[0]?.write("cde and more");
    body += chunk.toString();
  });
  t.equal(body, "abcde");
  t.equal((await bodyOf(await opened(client))).toString(), "fghij");
  t.equal(later.sockets.length, 2, "the connection that carried more is not used again");
});

t.test("Connection: close ends the connection with its answer", async (t) => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n";
  const { url, sockets } = await scripted(t, [[`${head}a`], [head, "b"]]);
  const client = clientOf(t, url);
  t.equal((await bodyOf(await opened(client))).toString(), "a");
  t.equal((await bodyOf(await opened(client))).toString(), "b");
  t.equal(sockets.length, 2);
});

const failures: readonly [what: string, lie: Lie, code: string][] = [
  ["a reset before the head", lies.reset, "ORIGIN_UNREACHABLE"],
  ["an end before the head", { raw: "" }, "ORIGIN_UNREACHABLE"],
  ["an end inside the head", { raw: "HTTP/1.1 200 OK\r\nX:" }, "ORIGIN_UNREACHABLE"],
];

for (const [what, lie, code] of failures) {
  t.test(`${what} is ${code}, to be asked again`, async (t) => {
    const client = clientOf(t, await servedBy(t, lie));
    await t.rejects(client.open(get("/10KB/a?signature=secret")), {
      code,
      advice: { retry: true },
      message: /^GET http:\/\/127\.0\.0\.1:\d+\/10KB\/a: expected a response head, got ECONNRESET/,
    });
  });
}

t.test("a refused connection is ORIGIN_UNREACHABLE", async (t) => {
  const client = clientOf(t, `http://127.0.0.1:${await freePort()}`);
  await t.rejects(client.open(get()), { code: "ORIGIN_UNREACHABLE", facts: { systemCode: "ECONNREFUSED" } });
});

t.test("a head that does not come in time is ORIGIN_TIMEOUT; one that comes leaves no timer", async (t) => {
  const clock = new FakeClock();
  const { url, sockets } = await scripted(t, [
    ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
    ["HTTP/1.1 2"],
  ]);
  const client = clientOf(t, url, clock);
  await bodyOf(await opened(client));
  t.strictSame(clock.sleepingMs, []);
  const late = t.rejects(client.open(get()), { code: "ORIGIN_TIMEOUT", facts: { phase: "head" } });
  t.strictSame(clock.sleepingMs, [5000]);
  await clock.advance(5000);
  await late;
  t.equal(sockets.length, 1);
});

t.test(
  "a body that is cut is ORIGIN_BODY_SHORT, one that stalls ORIGIN_TIMEOUT; what came is handed over",
  async (t) => {
    const through = latch();
    const rows: readonly [lie: Lie, code: string][] = [
      [lies.cutAfter(100), "ORIGIN_BODY_SHORT"],
      [lies.stalledAfter(100, through.opened), "ORIGIN_TIMEOUT"],
    ];
    for (const [lie, code] of rows) {
      const client = clientOf(t, await servedBy(t, lie), new FakeClock(), 20);
      const exchange = await opened(client);
      let bytes = 0;
      const read = exchange.read((chunk) => {
        bytes += chunk.length;
      });
      await t.rejects(read, { code, advice: { retry: true }, facts: { phase: "body" } });
      t.equal(bytes, 100);
    }
    through.open();
  },
);

t.test(
  "abort() and a reader that throws end the connection; a settled exchange can't end another's",
  async (t) => {
    const client = clientOf(t, await servedBy(t, {}));
    const reason = new MandolineError("CANCELLED", "Filling", { source: "self" });
    const settled = new Counter();
    const aborted = await opened(client, get("/1MiB/a"));
    aborted.onSettled(() => settled.increment());
    aborted.abort(reason);
    await t.rejects(bodyOf(aborted), reason);
    const thrown = await opened(client, get("/1MiB/a"));
    thrown.onSettled(() => settled.increment());
    await t.rejects(
      thrown.read(() => {
        throw reason;
      }),
      reason,
    );
    t.equal(settled.count, 2);
    const first = await opened(client);
    await bodyOf(first);
    const second = await opened(client);
    first.abort(reason);
    t.equal((await bodyOf(second)).length, 10_000);
  },
);

t.test("a field or path with a line break is never written", async (t) => {
  const { url, asked } = await scripted(t, []);
  const client = clientOf(t, url);
  for (const request of [
    get("/a", "X", "1\r\nY: 2"),
    get("/a", "X", "1\n"),
    get("/a\r\nX: 1"),
    get("/a", "X", "\0"),
  ]) {
    await t.rejects(client.open(request), { code: "REQUEST_INVALID", source: "client" });
  }
  t.strictSame(asked, []);
});

t.test("close() ends what is under way", async (t) => {
  const client = clientOf(t, await servedBy(t, lies.headAfter(latch().opened)));
  const opening = t.rejects(client.open(get()), { code: "CANCELLED" });
  client.close();
  await opening;
});
