// Broke: SIGTERM during a download on a kept-alive connection waited for the client's keep-alive to run out (75 s at
// worst, past the grace period, so that the exit code was 1): the response had begun without `Connection: close`.

import { once } from "node:events";
import { flowTest } from "../flow/support/flow.ts";
import { rawClient } from "../flow/support/raw-client.ts";
import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";

flowTest(
  "draining: a kept-alive connection is closed after the response that was under way",
  {},
  async (t, flow) => {
    const holding = latch();
    flow.origin.script = () => lies.stalledAfter(500, holding.opened);
    const client = await rawClient(flow.proxy.data.port);
    client.write("GET /1000B/a HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(client.socket, "data");
    const drained = flow.proxy.drain(5000);
    holding.open();
    const { status, fields, body } = await client.answer();
    t.strictSame([status, fields.get("connection"), body.length], [200, "keep-alive", 1000]);
    t.equal(await client.closed(), "");
    t.equal(await drained, true);
  },
);
