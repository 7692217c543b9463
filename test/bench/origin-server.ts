// The benchmark's origin as a program: the demo's far origin, and faults by seeded chance.

import { parseArgs } from "node:util";
import { type Disturbance, startFarOrigin } from "../../src/cli/demo/far-origin.ts";
import { seededRandom } from "../../src/cli/demo/seeded.ts";

const { values } = parseArgs({
  options: {
    "latency-ms": { type: "string", default: "0" },
    "bytes-per-second": { type: "string", default: "Infinity" },
    "fault-seed": { type: "string", default: "1" },
    unavailable: { type: "string", default: "0" },
    reset: { type: "string", default: "0" },
    truncate: { type: "string", default: "0" },
  },
});

const random = seededRandom(Number(values["fault-seed"]));
const [unavailable, reset, truncate] = [values.unavailable, values.reset, values.truncate].map(Number) as [
  number,
  number,
  number,
];

function disturb(): Disturbance {
  const drawn = random();
  const share = random();
  if (drawn < unavailable) return { kind: "unavailable" };
  if (drawn < unavailable + reset) return { kind: "reset" };
  return drawn < unavailable + reset + truncate ? { kind: "truncate", share } : { kind: "none" };
}

const origin = await startFarOrigin({
  latencyMs: Number(values["latency-ms"]),
  bytesPerSecondPerConnection: Number(values["bytes-per-second"]),
  disturb,
});
process.stdout.write(`${JSON.stringify({ msg: "listening", data: new URL(origin.url).host })}\n`);
process.once("SIGTERM", () => void origin.close());
