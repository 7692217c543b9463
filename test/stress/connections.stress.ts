// Thousands of connections at once: idle ones cost nobody anything, and everyone who asks gets every byte.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { flowTest, KiB } from "../flow/support/flow.ts";
import { hit, miss, whole } from "../flow/support/shown.ts";

const MiB = 1024 * KiB;
const IDLE = 4000;
const ASKING = 1000;

flowTest(
  `${IDLE} idle connections and ${ASKING} clients for one representation`,
  { config: { memoryBytesMax: 16 * MiB } },
  async (t, flow) => {
    const sockets: Socket[] = [];
    t.teardown(() => {
      for (const socket of sockets) socket.destroy();
    });
    for (let count = 0; count < IDLE; count += 1) {
      const socket = connect(flow.proxy.data.port, "127.0.0.1");
      sockets.push(socket);
      await once(socket, "connect");
    }
    t.strictSame(await flow.get("/1MiB/a"), whole("/1MiB/a", MiB, miss));
    const answers = await Promise.all(Array.from({ length: ASKING }, () => flow.get("/1MiB/a")));
    for (const answer of answers) t.strictSame(answer, whole("/1MiB/a", MiB, hit));
    t.equal(flow.origin.bodyBytes(), MiB);
  },
);
