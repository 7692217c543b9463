// The sink over Node's http server: what a client that stops reading can hold, and for how long.

import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import t from "tap";
import { HttpSink } from "../../src/deliver/http-sink.ts";

const MiB = 2 ** 20;
const STALLED_MS = 50;

t.test("a client that takes no byte of a write is cut, and the write settles", async (t) => {
  const { promise: cut, resolve } = Promise.withResolvers<HttpSink>();
  const server = createServer(async (_, response) => {
    const sink = new HttpSink(response, STALLED_MS);
    sink.head(200, []);
    const view = Buffer.alloc(MiB);
    while (!sink.closed) await sink.write([view]);
    resolve(sink);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.teardown(() => server.close());
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  t.teardown(() => client.destroy());
  client.pause();
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const sink = await cut;
  t.ok(sink.closed);
  t.equal(await sink.write([Buffer.alloc(1)]), false, "nothing is written to a client that is cut");
});
