// Cold downloads from an origin of which every request may fail: 5 % 503, 3 % resets, 3 % cut bodies, seeded.

import { isRight } from "../../../src/cli/demo/download.ts";
import { type Bench, downloadAll, type Scenario, sum, takeStats, times } from "../bench.ts";
import { correct, type Finding, speed } from "../finding.ts";

const size = "32MiB";
const bytes = 32 * 2 ** 20;

export const faults: Scenario = { name: "faults", run };

async function run(bench: Bench): Promise<Finding[]> {
  const origin = await bench.origin({ faults: { unavailable: 0.05, reset: 0.03, truncate: 0.03 } });
  const proxy = await bench.proxy(origin, "high-throughput");
  const downloads = bench.quick ? 60 : 300;
  const startedMs = performance.now();
  const results = await downloadAll(
    times(downloads, () => proxy.url + bench.freshPath(size)),
    4,
  );
  const { bodyBytes, requests } = await takeStats(origin);
  return [
    correct(`whole, of ${downloads}`, results.filter((one) => isRight(one, bytes)).length, "", {
      min: downloads,
    }),
    correct("wrong bytes", sum(results.map((one) => one.wrongBytes)), "", { max: 0 }),
    correct("origin bytes against the representations", bodyBytes / (downloads * bytes), "×", { max: 1.1 }),
    speed("requests to the origin", requests, ""),
    speed("all", (performance.now() - startedMs) / 1000, "s"),
  ];
}
