// Broke: with a WebSocket open, the proxy never ended: neither server nor agent knows a socket that was upgraded.

import t from "tap";
import { rawClient } from "../flow/support/raw-client.ts";
import { withOrigin } from "../flow/support/with-origin.ts";

t.test("close() ends a WebSocket too, after draining that waited for it", async (t) => {
  const { origin, proxy } = await withOrigin(t, (_, response) => response.end());
  origin.on("upgrade", (_, socket) => {
    socket.on("end", () => socket.end());
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  });
  const client = await rawClient(proxy.data.port);
  client.write("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  t.equal((await client.answer()).status, 101);
  t.equal(await proxy.drain(10), false);
  await proxy.close();
  t.equal(await client.closed(), "");
});
