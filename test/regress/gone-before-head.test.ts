// Broke: clients that hung up before the head each kept a place at the origin, or stayed in flight, for ever.

import { request } from "node:http";
import { flowTest, inFlight } from "../flow/support/flow.ts";
import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";

const answers = [
  ["a 404 that is relayed", lies.status(404)],
  ["a 200 without a validator that is relayed", { ...lies.rangeIgnored, ...lies.withoutValidator }],
  ["a part without a validator, so that the request is passed through", lies.withoutValidator],
] as const;

for (const [says, lie] of answers) {
  const opened = latch();
  flowTest(
    `a client that hangs up before ${says} leaves nothing behind`,
    { script: () => ({ ...lies.headAfter(opened.opened), ...lie }) },
    async (t, flow) => {
      const admin = (path: string) => `http://127.0.0.1:${flow.proxy.admin.port}/${path}`;
      const client = request(`${flow.url}/300KiB/a`, { agent: false });
      const ended = new Promise<void>((resolve) => client.once("error", () => resolve()));
      client.end();
      await flow.origin.asked(1);
      client.destroy();
      await ended;
      // A round trip behind it: by then the proxy has seen the connection close.
      await fetch(admin("healthz"));
      opened.open();
      await inFlight(flow, 0);
      t.match(await (await fetch(admin("status"))).json(), { requestsInFlight: 0 });
    },
  );
}
