// What slices don't apply to: other methods, bodies, upgrades. It goes through as it came, streaming both ways.

import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import t from "tap";
import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import { flowTest, KiB, nothingHeld, settled } from "./support/flow.ts";
import { rawClient } from "./support/raw-client.ts";
import { withOrigin } from "./support/with-origin.ts";

const path = "/1000B/a";
const method = "mandoline; fwd=method";
const answer = {
  status: 200,
  headers: {
    etag: undefined,
    "last-modified": undefined,
    "cache-control": undefined,
    "accept-ranges": undefined,
  },
  body: Buffer.from("done"),
};

for (const verb of ["POST", "PUT", "PATCH", "DELETE"]) {
  flowTest(`${verb} with a body goes to the origin and back as it came`, {}, async (t, flow) => {
    flow.origin.script = () => answer;
    const expected = {
      status: 200,
      fields: {
        "content-type": "application/octet-stream",
        "content-length": "4",
        via: "1.1 mandoline",
        "cache-status": method,
      },
      body: "done",
      aborted: false,
    };
    const headers = { "content-type": "text/plain", "x-mine": "1", "content-length": "5" };
    t.strictSame(await flow.send(path, { method: verb, headers, body: "hello" }), expected);
    const [asked] = flow.origin.log;
    t.strictSame(asked?.body, Buffer.from("hello"));
    t.match(asked?.headers, { "content-type": "text/plain", "x-mine": "1", via: "1.1 mandoline" });
    t.strictSame(flow.asked(), [`${verb} ${path}`]);
  });
}

flowTest("a GET with a body goes through, and is not kept", {}, async (t, flow) => {
  const sent = await flow.send(path, { headers: { "content-length": "2" }, body: "hi" });
  t.match(sent, {
    status: 200,
    body: "0-999",
    fields: { "cache-status": /fwd=bypass; detail="request-body"/ },
  });
  await flow.get(path);
  t.strictSame(flow.asked(), [`GET ${path}`, `GET ${path} 0-131071`]);
});

for (const verb of ["DELETE", "OPTIONS", "GET", "HEAD"]) {
  flowTest(`a chunked ${verb} is 411 and closes: nothing of it reaches the origin`, {}, async (t, flow) => {
    const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    const client = await rawClient(flow.proxy.data.port);
    client.write(
      `${verb} ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    );
    t.equal((await client.answer()).status, 411);
    t.equal(await client.closed(), "");
    t.strictSame(flow.asked(), []);
  });
}

flowTest("hop-by-hop fields and those that Connection names stay with us", {}, async (t, flow) => {
  flow.origin.script = () => answer;
  const client = await rawClient(flow.proxy.data.port);
  client.write(
    `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: x-secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\n` +
      "Proxy-Authorization: Basic a\r\nTE: trailers\r\nContent-Length: 0\r\n\r\n",
  );
  t.equal((await client.answer()).status, 200);
  client.socket.destroy();
  const { connection: _, ...headers } = flow.origin.log[0]?.headers ?? {};
  t.strictSame(headers, {
    host: new URL(flow.origin.url).host,
    "content-length": "0",
    via: "1.1 mandoline",
  });
});

flowTest("Expect: 100-continue is answered before the body, which then goes through", {}, async (t, flow) => {
  flow.origin.script = () => answer;
  const client = await rawClient(flow.proxy.data.port);
  client.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
  t.equal((await client.answer()).status, 100);
  client.write("hello");
  t.equal((await client.answer()).status, 200);
  client.socket.destroy();
  t.strictSame(flow.origin.log[0]?.body, Buffer.from("hello"));
});

flowTest("an origin that is cut in mid-answer breaks the connection", {}, async (t, flow) => {
  flow.origin.script = () => lies.cutAfter(300);
  t.match(await flow.send(path, { method: "POST" }), { status: 200, body: "0-299", aborted: true });
});

flowTest("an origin that resets is 502", {}, async (t, flow) => {
  flow.origin.script = () => lies.reset;
  t.match(await flow.send(path, { method: "POST" }), { status: 502, body: "none", aborted: false });
});

t.test("POST streams: the origin has the first bytes before the client has sent the last", async (t) => {
  const first = latch();
  const all = latch();
  let received = 0;
  const { proxy } = await withOrigin(t, (message, response) => {
    message.once("data", () => first.open());
    message.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    message.once("end", () => {
      all.open();
      response.end("ok");
    });
  });
  const sent = request(`http://127.0.0.1:${proxy.data.port}/p`, { method: "POST", agent: false });
  const answered = once(sent, "response");
  sent.write("begin");
  await first.opened;
  sent.end("end");
  await all.opened;
  const [response] = (await answered) as [IncomingMessage];
  t.equal((await response.toArray()).join(""), "ok");
  t.equal(received, 8);
  t.strictSame(await settled(proxy), nothingHeld);
});

t.test("POST of 256 MiB to an origin that doesn't read is held back, not buffered", async (t) => {
  const arrived = latch();
  const { proxy } = await withOrigin(t, (message) => {
    message.pause();
    arrived.open();
  });
  const socket = connect(proxy.data.port, "127.0.0.1");
  const total = 256 * 1024 * KiB;
  socket.write(`POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\nbegin`);
  await arrived.opened;
  const block = Buffer.alloc(1024 * KiB);
  let blocks = 0;
  // Until nothing is taken for a while: the kernel's buffers are full, and so are the proxy's.
  const taken = () =>
    new Promise<boolean>((resolve) => {
      const late = setTimeout(() => resolve(false), 300);
      socket.write(block, () => {
        clearTimeout(late);
        resolve(true);
      });
    });
  while (blocks < 256 && (await taken())) blocks += 1;
  t.ok(blocks < 64, `${blocks} MiB were taken`);
  socket.destroy();
});

t.test("a WebSocket goes through, both ways, until one side closes", async (t) => {
  const { origin, proxy } = await withOrigin(t, (_, response) => response.end());
  origin.on("upgrade", (message: IncomingMessage, socket) => {
    const key = message.headers["sec-websocket-key"];
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Key: ${key}\r\n\r\n`,
    );
    socket.on("data", (chunk: Buffer) => socket.write(Buffer.concat([Buffer.from("echo "), chunk])));
    socket.on("end", () => socket.end());
  });
  const client = await rawClient(proxy.data.port);
  client.write(
    "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  const { status, fields } = await client.answer();
  t.strictSame([status, fields.get("x-key")], [101, "k"]);
  const echoed = once(client.socket, "data");
  client.write("hello");
  t.strictSame(String((await echoed)[0]), "echo hello");
  client.socket.end();
  await client.closed();
  t.strictSame(await settled(proxy), nothingHeld);
});

t.test("a WebSocket to an origin that refuses is answered what it answered", async (t) => {
  const { proxy } = await withOrigin(t, (_, response) => response.writeHead(403).end());
  const client = await rawClient(proxy.data.port);
  client.write("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  t.equal((await client.answer({ bodiless: true })).status, 403);
  client.socket.destroy();
});

flowTest(
  "an offered upgrade that isn't WebSocket (h2c) is declined: the request is answered",
  {},
  async (t, flow) => {
    const client = await rawClient(flow.proxy.data.port);
    client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n`);
    const { status, body } = await client.answer();
    t.strictSame([status, body.length], [200, 1000]);
    client.socket.destroy();
    t.equal(flow.origin.log[0]?.headers.upgrade, undefined);
  },
);
