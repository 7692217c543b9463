// 50 cold clients at once for one representation: every byte of it leaves the origin once.

import { isRight } from "../../../src/cli/demo/download.ts";
import { type Bench, downloadAll, type Scenario, takeStats, times } from "../bench.ts";
import { correct, type Finding, speed } from "../finding.ts";

const size = "32MiB";
const bytes = 32 * 2 ** 20;
const clients = 50;

export const collapse: Scenario = { name: "collapse", run };

async function run(bench: Bench): Promise<Finding[]> {
  const origin = await bench.origin({ latencyMs: 10, bytesPerSecondPerConnection: 20_000_000 });
  const proxy = await bench.proxy(origin, "high-throughput");
  const url = proxy.url + bench.freshPath(size);
  const results = await downloadAll(
    times(clients, () => url),
    clients,
  );
  const { bodyBytes } = await takeStats(origin);
  return [
    correct("origin bytes against the representation", bodyBytes / bytes, "×", { max: 1 }),
    correct("downloads right", results.filter((one) => isRight(one, bytes)).length, "", { min: clients }),
    speed("slowest client", Math.max(...results.map(({ wholeMs }) => wholeMs)) / 1000, "s"),
  ];
}
