// One connection of the part client against a server that writes raw bytes: every way a head and a body can be divided,
// cut, paused and followed by what nobody asked for.

import { once } from "node:events";
import type { Socket } from "node:net";
import t, { type Test } from "tap";
import { MandolineError } from "../../src/base/errors.ts";
import { expectedBytes } from "../../src/cli/demo/known-bytes.ts";
import type { Exchange, OriginRequest } from "../../src/origin/exchange.ts";
import { PartClient } from "../../src/origin/part-client.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { headOf, type RawOrigin, startRawOrigin, writePieces } from "../support/raw-origin.ts";

const IDLE_MS = 50;

interface Setup {
  readonly origin: RawOrigin;
  readonly client: PartClient;
}

/** Requests to `/silent` get a head and then nothing, whatever the test answers. */
async function setup(
  t: Test,
  answer: (socket: Socket, index: number) => Promise<void> | void,
  clock: FakeClock = new FakeClock(),
): Promise<Setup> {
  const origin = await startRawOrigin((socket, text, index) => {
    if (text.startsWith("GET /silent ")) socket.write(headOf(1));
    else return answer(socket, index);
  });
  const client = new PartClient({
    origin: new URL(origin.url),
    connectMs: 1000,
    headMs: 5000,
    idleMs: IDLE_MS,
    clock,
  });
  t.teardown(() => {
    client.close();
    return origin.close();
  });
  return { origin, client };
}

function get(path = "/a", ...fields: string[]): OriginRequest {
  return { method: "GET", path, fields: ["Host", "example.com", ...fields] };
}

async function opened(client: PartClient, request: OriginRequest = get()): Promise<Exchange> {
  const exchange = await client.open(request);
  if (!exchange) throw new Error("expected an answer that it is sure of");
  return exchange;
}

async function bodyOf(exchange: Exchange): Promise<string> {
  const chunks: Buffer[] = [];
  await exchange.read((chunk) => chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks).toString("latin1");
}

/** Lasts longer than the idle limit that began before it, by the client's own measure. */
async function idleLimitPassed(t: Test, client: PartClient): Promise<void> {
  for (let times = 0; times < 2; times += 1) {
    const silent = await opened(client, get("/silent"));
    await t.rejects(bodyOf(silent), { code: "ORIGIN_TIMEOUT" });
  }
}

const body = expectedBytes("/a", 0, 40).toString("latin1");
const whole = headOf(40) + body;

t.test("an answer divided at any byte is the same answer, on one connection", async (t) => {
  const { origin, client } = await setup(t, (socket, index) =>
    writePieces(socket, [whole.slice(0, index + 1), whole.slice(index + 1)]),
  );
  for (let at = 1; at <= whole.length; at += 1) {
    const exchange = await opened(client);
    t.strictSame(exchange.head.fields, ["Content-Length", "40"]);
    t.equal(await bodyOf(exchange), body, `divided at ${at}`);
  }
  t.equal(origin.sockets.length, 1);
});

t.test("a body cut at any byte is ORIGIN_BODY_SHORT, everything before the cut handed over", async (t) => {
  const { client } = await setup(t, async (socket, index) => {
    if (index % 2 === 0) await writePieces(socket, [headOf(40)]);
    socket.end(index % 2 === 0 ? body.slice(0, index) : headOf(40) + body.slice(0, index), "latin1");
  });
  for (let cut = 0; cut < 40; cut += 1) {
    const exchange = await opened(client);
    let got = "";
    const read = exchange.read((chunk) => {
      got += chunk.toString("latin1");
    });
    await t.rejects(read, { code: "ORIGIN_BODY_SHORT", advice: { retry: true } });
    t.equal(got, body.slice(0, cut), `cut at ${cut}`);
  }
});

t.test("paused, a reader gets nothing more and no idle limit; resumed, every byte", async (t) => {
  const big = expectedBytes("/a", 0, 4 * 2 ** 20);
  const { client } = await setup(t, async (socket) => {
    await writePieces(socket, [headOf(big.length) + big.toString("latin1", 0, 10)]);
    socket.write(big.subarray(10));
  });
  const exchange = await opened(client);
  const chunks: Buffer[] = [];
  let pauses = 0;
  const read = exchange.read((chunk) => {
    chunks.push(Buffer.from(chunk));
    if (chunks.length > 2) return;
    pauses += 1;
    exchange.pause();
  });
  t.equal(chunks.length, 1, "what came with the head, and nothing since");
  for (let times = 1; times <= 2; times += 1) {
    await idleLimitPassed(t, client);
    t.equal(chunks.length, times);
    t.equal(pauses, times);
    exchange.resume();
  }
  await read;
  t.ok(Buffer.concat(chunks).equals(big));
});

t.test("a body that nobody reads yet waits longer than the idle limit", async (t) => {
  const { client } = await setup(t, (socket) => writePieces(socket, [headOf(40), body]));
  const exchange = await opened(client);
  await idleLimitPassed(t, client);
  t.equal(await bodyOf(exchange), body);
});

t.test("resume() before read() loses nothing", async (t) => {
  const { client } = await setup(t, (socket) => writePieces(socket, [headOf(40), body]));
  const exchange = await opened(client);
  exchange.resume();
  await idleLimitPassed(t, client);
  t.equal(await bodyOf(exchange), body);
});

t.test("a settled exchange has no hand in the next one on its connection", async (t) => {
  const { origin, client } = await setup(t, (socket, index) =>
    writePieces(socket, index === 0 ? [whole] : [headOf(40), body.slice(0, 20), body.slice(20)]),
  );
  const first = await opened(client);
  await bodyOf(first);
  const second = await opened(client);
  t.equal(await bodyOf(first), "", "read again: nothing is left");
  let got = "";
  const read = second.read((chunk) => {
    got += chunk.toString("latin1");
    if (got.length === 20) second.pause();
    else first.pause();
    first.resume();
    first.abort(new MandolineError("CANCELLED", "Filling", { source: "self" }));
  });
  await idleLimitPassed(t, client);
  t.equal(got, body.slice(0, 20));
  second.resume();
  await read;
  t.equal(got, body);
  t.equal(await bodyOf(await opened(client)), body);
  t.equal(origin.sockets.length, 3, "two of them were silent");
});

t.test("a connection aborted with the last byte in hand is not asked again", async (t) => {
  const { origin, client } = await setup(t, (socket) => writePieces(socket, [headOf(40), body]));
  const exchange = await opened(client);
  const reason = new MandolineError("CANCELLED", "Filling", { source: "self" });
  let settled = 0;
  exchange.onSettled(() => {
    settled += 1;
  });
  await t.rejects(
    exchange.read(() => exchange.abort(reason)),
    reason,
  );
  t.equal(settled, 1);
  t.equal(await bodyOf(await opened(client)), body);
  t.equal(origin.sockets.length, 2);
});

t.test("bytes that come while nothing is asked end the connection and answer nothing", async (t) => {
  const { origin, client } = await setup(t, (socket) => writePieces(socket, [whole]));
  const silent = await opened(client, get("/silent"));
  await bodyOf(await opened(client));
  const [, socket] = origin.sockets as [Socket, Socket];
  const closed = once(socket, "close").then(() => "closed");
  await writePieces(socket, [`${headOf(4)}evil`]);
  const late = bodyOf(silent).catch(() => "late");
  t.equal(await Promise.race([closed, late]), "closed", "at once, not when it was idle for long");
  t.equal(await bodyOf(await opened(client)), body);
  t.equal(origin.sockets.length, 3);
});

t.test("a connection that the origin closes while it is idle is not asked", async (t) => {
  const { origin, client } = await setup(t, (socket) => writePieces(socket, [whole]));
  await bodyOf(await opened(client));
  const [socket] = origin.sockets as [Socket];
  const closed = once(socket, "close");
  socket.end();
  await closed;
  t.equal(await bodyOf(await opened(client)), body);
  t.equal(origin.sockets.length, 2);
});

t.test("a reader that throws, or aborts, at its second chunk gets no third", async (t) => {
  const { origin, client } = await setup(t, (socket) =>
    writePieces(socket, [headOf(40), body.slice(0, 10), body.slice(10, 20), body.slice(20)]),
  );
  const reason = new MandolineError("CANCELLED", "Filling", { source: "self" });
  const ends: readonly ((exchange: Exchange) => void)[] = [
    () => {
      throw reason;
    },
    (exchange) => exchange.abort(reason),
  ];
  for (const end of ends) {
    const exchange = await opened(client);
    let got = "";
    const read = exchange.read((chunk) => {
      got += chunk.toString("latin1");
      if (got.length > 10) end(exchange);
    });
    await t.rejects(read, reason);
    t.equal(got, body.slice(0, 20));
  }
  t.equal(origin.sockets.length, 2, "neither connection is used again");
});

const unsure: Readonly<Record<string, string>> = {
  "an interim head before the final one": `HTTP/1.1 103 Early Hints\r\n\r\n${whole}`,
  "a chunked body": "HTTP/1.1 206 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
  "lines that end in a bare line feed": whole.replaceAll("\r\n", "\n"),
  "a head without an end": `HTTP/1.1 206 OK\r\nX: ${"x".repeat(64 * 2 ** 10)}`,
  "a body where there is none": "HTTP/1.1 304 Not Modified\r\n\r\nabc",
};

for (const [what, text] of Object.entries(unsure)) {
  t.test(`${what}: left to the other client at once, the connection ended`, async (t) => {
    const clock = new FakeClock();
    const { origin, client } = await setup(t, (socket) => writePieces(socket, [text]), clock);
    t.equal(await client.open(get()), undefined);
    t.strictSame(clock.sleepingMs, [], "no timer is left");
    const [socket] = origin.sockets as [Socket];
    if (!socket.closed) await once(socket, "close");
  });
}

t.test("HEAD is left to the other client, unasked: its Content-Length frames nothing", async (t) => {
  const { origin, client } = await setup(t, (socket) => writePieces(socket, [headOf(40)]));
  t.equal(await client.open({ ...get(), method: "HEAD" }), undefined);
  t.strictSame(origin.asked, []);
});

t.test("what would not be one request is refused, and costs no connection", async (t) => {
  const { origin, client } = await setup(t, (socket) => writePieces(socket, [whole]));
  await bodyOf(await opened(client));
  const refused: readonly OriginRequest[] = [
    get("/a b"),
    get("/a\r\nX: 1"),
    get("/a", "X", "1\r\nY: 2"),
    // Written as latin1 these would become the bytes 0x0d and 0x0a.
    get("/a", "X", "1\u010d\u010aY: 2"),
    get("/\u010a"),
    get("/a", "X:1", "2"),
    get("/a", "", "1"),
    get("/a", "X", "\0"),
    get("/a", "X"),
  ];
  for (const request of refused) {
    await t.rejects(client.open(request), { code: "REQUEST_INVALID", source: "client" });
  }
  t.equal(await bodyOf(await opened(client, get("/\xe4", "X", "\t\xff"))), body);
  t.equal(origin.sockets.length, 1);
  t.equal(origin.asked.length, 2);
});

t.test("close() ends a head awaited, a body read, a body unread and an idle connection", async (t) => {
  const { client, origin } = await setup(t, (socket, index) =>
    writePieces(socket, [[whole, "", headOf(40), headOf(40)][index] ?? ""]),
  );
  await bodyOf(await opened(client));
  const sockets: Promise<unknown>[] = [];
  const opening = t.rejects(client.open(get()), { code: "CANCELLED" });
  const reading = t.rejects(bodyOf(await opened(client)), { code: "CANCELLED" });
  const unread = await opened(client);
  for (const socket of origin.sockets) sockets.push(once(socket, "close"));
  client.close();
  await t.rejects(bodyOf(unread), { code: "CANCELLED" });
  await Promise.all([opening, reading, ...sockets]);
});
