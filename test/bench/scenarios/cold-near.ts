// Cold, from an origin without latency and limit: this machine is the limit, so what counts is CPU. Mandoline and
// the bare pipe take turns, so that whatever else the machine does meets both.

import { isRight } from "../../../src/cli/demo/download.ts";
import { type Bench, downloadAll, type Scenario, sum, times } from "../bench.ts";
import { correct, type Finding, median, speed } from "../finding.ts";
import { cpuSeconds } from "../process-usage.ts";

const size = "64MiB";
const bytes = 64 * 2 ** 20;
const downloads = 8;

export const coldNear: Scenario = { name: "cold-near", run };

async function run(bench: Bench): Promise<Finding[]> {
  const origin = await bench.origin();
  const servers = [await bench.pipe(origin), await bench.proxy(origin, "high-throughput")];
  const costs: number[][] = [[], []];
  const rates: number[][] = [[], []];
  let wrong = 0;
  // The first round warms both up and isn't counted.
  for (let round = 0; round <= (bench.quick ? 2 : 7); round += 1) {
    for (const [at, server] of servers.entries()) {
      const startedMs = performance.now();
      const before = cpuSeconds(server.pid);
      const urls = times(downloads, () => server.url + bench.freshPath(size));
      const results = await downloadAll(urls, 2);
      const gigabytes = sum(results.map((one) => one.bytes)) / 1e9;
      wrong += results.filter((one) => !isRight(one, bytes)).length;
      if (round === 0) continue;
      costs[at]?.push((cpuSeconds(server.pid) - before) / gigabytes);
      rates[at]?.push(gigabytes / ((performance.now() - startedMs) / 1000));
    }
  }
  const [pipeCost = Number.NaN, proxyCost = Number.NaN] = costs.map(median);
  const [pipeRate = Number.NaN, proxyRate = Number.NaN] = rates.map(median);
  return [
    speed("bare pipe: CPU", pipeCost, "s/GB"),
    speed("Mandoline: CPU", proxyCost, "s/GB"),
    speed("CPU against the bare pipe", proxyCost / pipeCost, "×", { max: 1.3 }),
    speed("bare pipe: rate, 2 clients", pipeRate, "GB/s"),
    speed("Mandoline: rate, 2 clients", proxyRate, "GB/s"),
    correct("downloads not right", wrong, "", { max: 0 }),
  ];
}
