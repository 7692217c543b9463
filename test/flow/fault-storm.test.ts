// Many downloads from an origin that fails at random (seeded): all are whole, and hardly anything is fetched twice.

import * as lies from "../support/lies.ts";
import { flowTest, KiB } from "./support/flow.ts";
import { miss, whole } from "./support/shown.ts";

const MiB = 1024 * KiB;

flowTest(
  "40 downloads of 2 MiB with 5 % 503, 3 % resets, 3 % truncations are all whole",
  { config: { memoryBytesMax: 16 * MiB }, script: lies.seededFaults(1) },
  async (t, flow) => {
    for (let round = 0; round < 10; round += 1) {
      const names = ["a", "b", "c", "d"].map((name) => `/2MiB/${name}${round}`);
      const answers = await Promise.all(names.map((name) => flow.get(name)));
      for (const [at, name] of names.entries()) t.strictSame(answers[at], whole(name, 2 * MiB, miss));
    }
    t.ok(flow.origin.bodyBytes() <= 1.1 * 80 * MiB, `${flow.origin.bodyBytes()} bytes from the origin`);
  },
);

const breaker = { errorPercent: 50, volumeMin: 3, windowMs: 60_000, openMs: 60_000 };

flowTest(
  "an origin that is down opens the breaker: 503 with Retry-After, and no more requests to it",
  { config: { breaker, maxRetries: 0 }, script: () => lies.reset },
  async (t, flow) => {
    for (let count = 0; count < 3; count += 1) t.match(await flow.get(`/1000B/${count}`), { status: 502 });
    const asked = flow.asked().length;
    const open = await flow.get("/1000B/a");
    t.match(open, {
      status: 503,
      fields: { "cache-status": 'mandoline; fwd=miss; detail="ORIGIN_OPEN"', "retry-after": /^\d+$/ },
      body: "none",
    });
    t.ok(asked >= 3);
    t.strictSame(flow.asked(), []);
  },
);

flowTest(
  "one URL that answers 500 to everything doesn't open the breaker",
  { config: { breaker, maxRetries: 0 } },
  async (t, flow) => {
    flow.origin.script = ({ path }) => (path === "/1000B/bad" ? lies.status(500) : lies.honest);
    for (let count = 0; count < 10; count += 1) t.match(await flow.get("/1000B/bad"), { status: 500 });
    t.match(await flow.get("/1000B/good"), { status: 200, body: "0-999" });
  },
);

flowTest(
  "what is in memory is served while the breaker is open",
  { config: { breaker, maxRetries: 0 } },
  async (t, flow) => {
    await flow.get("/1000B/a");
    flow.origin.script = () => lies.reset;
    for (let count = 0; count < 4; count += 1) await flow.get(`/1000B/${count}`);
    t.match(await flow.get("/1000B/b"), { status: 503 });
    t.match(await flow.get("/1000B/a"), { status: 200, body: "0-999", aborted: false });
  },
);
