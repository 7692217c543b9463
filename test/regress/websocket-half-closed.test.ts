// Broke: a WebSocket whose origin does not close its half kept both sockets, and the process could not end.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import t from "tap";
import { withOrigin } from "../flow/support/with-origin.ts";

t.test("a client that closes takes the origin's side with it, though the origin would stay", async (t) => {
  const { origin, proxy } = await withOrigin(t, (_, response) => response.end());
  const upgraded = new Promise<Socket>((resolve) => {
    origin.on("upgrade", (_, socket: Socket) => {
      socket.resume();
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
      resolve(socket);
    });
  });
  const client = connect(proxy.data.port, "127.0.0.1");
  client.write("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  const [head] = (await once(client, "data")) as [Buffer];
  t.match(head.toString("latin1"), /^HTTP\/1.1 101 /);
  const atOrigin = await upgraded;
  const ended = once(atOrigin, "end");
  client.end();
  await ended;
  t.equal(await proxy.drain(5000), true);
  atOrigin.destroy();
});
