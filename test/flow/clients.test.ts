// What clients do to a connection: reuse it, pipeline on it, leave it, read it slowly, speak oddly.

import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { expectedBytes } from "../../src/cli/demo/known-bytes.ts";
import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import { flowTest, inFlight, KiB, nothingHeld, settled, until } from "./support/flow.ts";
import { rawClient } from "./support/raw-client.ts";
import { hit, whole } from "./support/shown.ts";

const path = "/1000B/a";
const bytes = (start: number, end: number) => expectedBytes(path, start, end);
const ask = (fields = "", target = path) => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

flowTest(
  "one connection serves a 206, a 304, a 416, a 412, a 404, a HEAD and a 200 one after another",
  {},
  async (t, flow) => {
    const client = await rawClient(flow.proxy.data.port);
    const next = async (text: string, bodiless = false) => {
      client.write(text);
      const { status, body } = await client.answer({ bodiless });
      return { status, body };
    };
    const none = Buffer.alloc(0);
    t.strictSame(await next(ask("Range: bytes=5-9\r\n")), { status: 206, body: bytes(5, 10) });
    t.strictSame(await next(ask('If-None-Match: "1000B/a"\r\n')), { status: 304, body: none });
    t.strictSame(await next(ask("Range: bytes=1000-\r\n")), { status: 416, body: none });
    t.strictSame(await next(ask('If-Match: "b"\r\n')), { status: 412, body: none });
    t.strictSame(await next(ask("", "/nothing")), { status: 404, body: none });
    t.strictSame(await next(`HEAD ${path} HTTP/1.1\r\nHost: a\r\n\r\n`, true), { status: 200, body: none });
    t.strictSame(await next(ask()), { status: 200, body: bytes(0, 1000) });
    client.socket.destroy();
    t.strictSame(flow.asked(), [`GET ${path} 0-65535`, "GET /nothing 0-131071"]);
  },
);

flowTest("pipelined requests are answered in order", {}, async (t, flow) => {
  const client = await rawClient(flow.proxy.data.port);
  client.write(ask("Range: bytes=0-4\r\n") + ask() + ask("Range: bytes=995-\r\n") + ask("", "/300KiB/b"));
  const answers = [];
  for (let count = 0; count < 4; count += 1) answers.push((await client.answer()).body);
  t.strictSame(answers, [
    bytes(0, 5),
    bytes(0, 1000),
    bytes(995, 1000),
    expectedBytes("/300KiB/b", 0, 300 * KiB),
  ]);
  client.socket.destroy();
});

flowTest("absolute-form names the resource, whatever Host says", {}, async (t, flow) => {
  const client = await rawClient(flow.proxy.data.port);
  client.write(`GET http://A.example${path}?q HTTP/1.1\r\nHost: other\r\n\r\n`);
  t.strictSame((await client.answer()).body, expectedBytes(`${path}?q`, 0, 1000));
  client.write(`GET http://A.example${path} HTTP/1.1\r\nHost: other\r\n\r\n`);
  t.strictSame((await client.answer()).body, bytes(0, 1000));
  client.write(`GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
  t.match((await client.answer()).fields.get("cache-status"), /; hit/);
  client.socket.destroy();
  t.strictSame(flow.asked(), [`GET ${path}?q 0-131071`, `GET ${path} 0-131071`]);
});

flowTest("HTTP/1.0 gets a Content-Length and a closed connection", {}, async (t, flow) => {
  const client = await rawClient(flow.proxy.data.port);
  client.write(`GET ${path} HTTP/1.0\r\n\r\n`);
  const { status, fields, body } = await client.answer();
  t.strictSame(
    { status, length: fields.get("content-length"), body },
    { status: 200, length: "1000", body: bytes(0, 1000) },
  );
  t.equal(await client.closed(), "");
});

flowTest(
  "HTTP/1.0 and an answer without a length: no chunks, the end of the connection ends it",
  {},
  async (t, flow) => {
    flow.origin.script = () => ({
      ...lies.rangeIgnored,
      headers: { "content-length": undefined, "accept-ranges": undefined },
    });
    const client = await rawClient(flow.proxy.data.port);
    client.write(`GET ${path} HTTP/1.0\r\n\r\n`);
    const { fields } = await client.answer({ bodiless: true });
    t.equal(fields.get("transfer-encoding"), undefined);
    t.strictSame(Buffer.from(await client.closed(), "latin1"), bytes(0, 1000));
  },
);

const refused: readonly (readonly [says: string, text: string])[] = [
  ["no Host", `GET ${path} HTTP/1.1\r\n\r\n`],
  ["two Hosts", `GET ${path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`],
  ["space before a colon", `GET ${path} HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n`],
  ["a folded line", `GET ${path} HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n`],
  ["bare line feeds", `GET ${path} HTTP/1.1\nHost: a\n\n`],
  [
    "both framings",
    `POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ["two lengths", "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd"],
  ["an unknown transfer coding", "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"],
  ["a target that is neither path nor URL", "GET nonsense HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a fragment in the target", `GET ${path}#a HTTP/1.1\r\nHost: a\r\n\r\n`],
];
for (const [says, text] of refused) {
  flowTest(`a request with ${says} is 400 and never reaches the origin`, {}, async (t, flow) => {
    const client = await rawClient(flow.proxy.data.port);
    client.write(text);
    t.equal((await client.answer()).status, 400);
    client.socket.destroy();
    t.strictSame(flow.asked(), []);
  });
}

flowTest("a head beyond the bound is 431", {}, async (t, flow) => {
  const client = await rawClient(flow.proxy.data.port);
  client.write(ask(`X-A: ${"x".repeat(20_000)}\r\n`));
  t.equal((await client.answer()).status, 431);
  t.strictSame(flow.asked(), []);
});

/** Begins a download and stops reading after its first bytes. */
async function stopped(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), "response")) as [IncomingMessage];
  response.on("error", () => undefined);
  response.pause();
  return response;
}

flowTest("a client that leaves before the head leaves nothing behind", {}, async (t, flow) => {
  const holding = latch();
  flow.origin.script = () => lies.headAfter(holding.opened);
  const request = get(flow.url + path, { agent: false });
  request.on("error", () => undefined);
  await flow.origin.asked(1);
  request.destroy();
  holding.open();
  t.strictSame(await settled(flow.proxy), nothingHeld);
  t.strictSame(flow.asked(), [`GET ${path} 0-131071`]);
});

flowTest(
  "a client that leaves in mid-slice ends the sub-requests at the slice's end, and its bytes are kept",
  {},
  async (t, flow) => {
    const holding = latch();
    flow.origin.script = (_, index) =>
      index === 0 ? lies.stalledAfter(70_000, holding.opened) : lies.honest;
    const response = await stopped(`${flow.url}/64MiB/a`);
    response.destroy();
    await inFlight(flow, 0);
    holding.open();
    t.strictSame(await settled(flow.proxy), nothingHeld);
    t.strictSame(flow.asked(), ["GET /64MiB/a 0-131071"]);
    t.match(await flow.get("/64MiB/a", "0-131071"), {
      status: 206,
      body: "0-131071",
      fields: { "cache-status": hit },
    });
  },
);

flowTest("a client that leaves while lookahead runs has it cancelled", {}, async (t, flow) => {
  const response = await stopped(`${flow.url}/64MiB/a`);
  response.resume();
  await flow.origin.asked(5);
  response.destroy();
  t.strictSame(await settled(flow.proxy), nothingHeld);
  t.ok(flow.origin.bodyBytes() < 64 * 1024 * KiB, `${flow.origin.bodyBytes()} bytes asked`);
});

flowTest("a client that leaves a relayed answer ends it at the origin", {}, async (t, flow) => {
  const holding = latch();
  const unsliced = { ...lies.rangeIgnored, headers: { etag: undefined, "last-modified": undefined } };
  flow.origin.script = () => ({ ...unsliced, stall: { bytes: 1000, until: holding.opened } });
  (await stopped(`${flow.url}/300KiB/a`)).destroy();
  t.strictSame(await settled(flow.proxy), nothingHeld);
  holding.open();
});

flowTest("a client that half-closes before its answer counts as gone", {}, async (t, flow) => {
  const holding = latch();
  flow.origin.script = () => lies.headAfter(holding.opened);
  const client = await rawClient(flow.proxy.data.port);
  client.socket.end(ask());
  t.equal(await client.closed(), "");
  holding.open();
  t.strictSame(await settled(flow.proxy), nothingHeld);
});

flowTest(
  "a client that stops reading stops the origin, and gets the rest when it goes on",
  {},
  async (t, flow) => {
    const length = 64 * 1024 * KiB;
    const response = await stopped(`${flow.url}/64MiB/a`);
    let [before, same] = [-1, 0];
    await until(flow.origin.bodyBytes, (now) => {
      same = now === before ? same + 1 : 0;
      before = now;
      return same > 100;
    });
    t.ok(before < length / 2, `${before} bytes fetched for a client that reads none`);
    let received = 0;
    for await (const chunk of response) received += (chunk as Buffer).length;
    t.equal(received, length);
    t.equal(flow.origin.bodyBytes(), length);
  },
);

flowTest("1,000 idle connections don't keep one from being served", {}, async (t, flow) => {
  const idle = await Promise.all(Array.from({ length: 1000 }, () => rawClient(flow.proxy.data.port)));
  t.match(await flow.get(path), { ...whole(path, 1000, ""), fields: {} });
  for (const { socket } of idle) socket.destroy();
});
