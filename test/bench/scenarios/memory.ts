// 10 GB through a budget of 256 MiB: what the process holds beyond its budget, at most and at the end.

import { isRight } from "../../../src/cli/demo/download.ts";
import { type Bench, downloadAll, type Scenario, sum, times } from "../bench.ts";
import { correct, type Finding, speed } from "../finding.ts";
import { residentBytes } from "../process-usage.ts";

const size = "64MiB";
const bytes = 64 * 2 ** 20;
const budgetBytes = 256 * 2 ** 20;

export const memory: Scenario = { name: "memory", run };

async function run(bench: Bench): Promise<Finding[]> {
  const origin = await bench.origin();
  const proxy = await bench.proxy(origin, "high-throughput", { MANDOLINE_MEMORY_MAX_BYTES: "256MiB" });
  const downloads = bench.quick ? 30 : 150;
  const results = await downloadAll(
    times(downloads, () => proxy.url + bench.freshPath(size)),
    4,
  );
  const resident = residentBytes(proxy.pid);
  return [
    speed("passed through", sum(results.map((one) => one.bytes)) / 1e9, "GB"),
    correct("peak beyond the budget", (resident.peak - budgetBytes) / 1e6, "MB", { max: 150 }),
    speed("at the end beyond the budget", (resident.now - budgetBytes) / 1e6, "MB"),
    correct("downloads not right", results.filter((one) => !isRight(one, bytes)).length, "", { max: 0 }),
  ];
}
