// Broke: of two Host fields the first was the cache key's, whatever the second said; RFC 9112 §3.2 wants 400.

import { flowTest } from "../flow/support/flow.ts";
import { rawClient } from "../flow/support/raw-client.ts";

for (const method of ["GET", "POST"]) {
  flowTest(`${method} with two Host fields is 400 and never reaches the origin`, {}, async (t, flow) => {
    const client = await rawClient(flow.proxy.data.port);
    client.write(`${method} /1000B/a HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n`);
    t.equal((await client.answer()).status, 400);
    client.socket.destroy();
    t.strictSame(flow.asked(), []);
  });
}
