// Random reads of 256 KiB in 1 GiB: what the origin sends for them, cold.

import { download, isRight } from "../../../src/cli/demo/download.ts";
import { seededRandom } from "../../../src/cli/demo/seeded.ts";
import { type Bench, type Scenario, sum, takeStats, times } from "../bench.ts";
import { correct, type Finding, median, speed } from "../finding.ts";

const readBytes = 256 * 2 ** 10;
const reads = 60;

export const seeks: Scenario = { name: "seeks", run };

async function run(bench: Bench): Promise<Finding[]> {
  const origin = await bench.origin();
  const proxy = await bench.proxy(origin, "balanced");
  const url = proxy.url + bench.freshPath("1GiB");
  const random = seededRandom(7);
  const results = [];
  for (const start of times(reads, () => Math.floor(random() * (2 ** 30 - readBytes)))) {
    results.push(await download(url, { range: { start, end: start + readBytes } }));
  }
  const { bodyBytes, requests } = await takeStats(origin);
  const asked = sum(results.map((one) => one.bytes));
  return [
    correct("origin bytes against bytes asked for", bodyBytes / asked, "×", { max: 1.5 }),
    correct("reads not right", results.filter((one) => !isRight(one, readBytes)).length, "", { max: 0 }),
    speed("requests to the origin", requests, ""),
    speed("a read", median(results.map(({ wholeMs }) => wholeMs)), "ms"),
  ];
}
