// Broke: `OPTIONS *`, which asks about the server, reached the origin as `OPTIONS /*`, which asks about a path.

import { flowTest } from "../flow/support/flow.ts";
import { rawClient } from "../flow/support/raw-client.ts";

flowTest("OPTIONS * goes through", {}, async (t, flow) => {
  flow.origin.script = () => ({ status: 200, body: Buffer.from("done") });
  const client = await rawClient(flow.proxy.data.port);
  client.write("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  t.equal((await client.answer()).status, 200);
  client.socket.destroy();
  t.strictSame(flow.asked(), ["OPTIONS *"]);
});
