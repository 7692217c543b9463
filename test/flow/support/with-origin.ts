// A proxy before an origin of the test's own making, for tests that look at requests before they are whole.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Test } from "tap";
import { type RunningProxy, startProxy } from "../../../src/server/proxy.ts";
import { flowConfig } from "./flow.ts";

export interface OwnOrigin {
  readonly origin: Server;
  readonly proxy: RunningProxy;
}

/** Both end with the test. */
export async function withOrigin(
  t: Test,
  answer: (message: IncomingMessage, response: ServerResponse) => void,
): Promise<OwnOrigin> {
  const origin = createServer(answer);
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const { port } = origin.address() as AddressInfo;
  const proxy = await startProxy(flowConfig(`http://127.0.0.1:${port}`));
  t.teardown(async () => {
    await proxy.close();
    origin.closeAllConnections();
    await new Promise((resolve) => origin.close(resolve));
  });
  return { origin, proxy };
}
