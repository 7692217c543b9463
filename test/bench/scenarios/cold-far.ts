// Cold 64 MiB from an origin with 30 ms of latency and 8 MB/s a connection: Mandoline against a direct download,
// and against a client that asks for the same slices over the same number of connections and does nothing else.

import { Agent } from "node:http";
import { download, isRight } from "../../../src/cli/demo/download.ts";
import { type Bench, type Scenario, sum, takeStats, times } from "../bench.ts";
import { correct, type Finding, median, speed } from "../finding.ts";

const size = "64MiB";
const bytes = 64 * 2 ** 20;

const profiles = [
  { profile: "high-throughput", sliceBytes: 2 * 2 ** 20, subrequestsMax: 8, timesMin: 6 },
  { profile: "balanced", sliceBytes: 2 ** 20, subrequestsMax: 4, timesMin: 3 },
] as const;

export const coldFar: Scenario = { name: "cold-far", run };

async function run(bench: Bench): Promise<Finding[]> {
  const origin = await bench.origin({ latencyMs: 30, bytesPerSecondPerConnection: 8_000_000 });
  const rounds = bench.quick ? 1 : 3;
  const directMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    directMs.push((await download(origin.url + bench.freshPath(size))).wholeMs);
  }
  const findings = [speed("direct", median(directMs) / 1000, "s")];
  for (const { profile, sliceBytes, subrequestsMax, timesMin } of profiles) {
    const proxy = await bench.proxy(origin, profile);
    const idealMs = await idealDownload(origin.url + bench.freshPath(size), subrequestsMax, sliceBytes);
    await takeStats(origin);
    const results = [];
    for (let round = 0; round < rounds; round += 1) {
      results.push(await download(proxy.url + bench.freshPath(size)));
    }
    const { peakConcurrent } = await takeStats(origin);
    const coldMs = median(results.map(({ wholeMs }) => wholeMs));
    const lateMs = await firstByteLateMs(bench, origin.url, proxy.url);
    findings.push(
      speed(`${profile}: cold`, coldMs / 1000, "s"),
      speed(`${profile}: ideal client against direct`, median(directMs) / idealMs, "×"),
      speed(`${profile}: cold against direct`, median(directMs) / coldMs, "×", { min: timesMin }),
      speed(`${profile}: first byte later than direct`, lateMs, "ms", { max: 5 }),
      correct(`${profile}: sub-requests at once`, peakConcurrent, "", { max: subrequestsMax }),
      correct(`${profile}: downloads not right`, results.filter((one) => !isRight(one, bytes)).length, "", {
        max: 0,
      }),
    );
  }
  return findings;
}

/** Median difference of the first byte of a cold GET that hangs up then, direct and proxied in turns. */
async function firstByteLateMs(bench: Bench, direct: string, proxied: string): Promise<number> {
  const samples: { direct: number; proxied: number }[] = [];
  for (let round = 0; round < (bench.quick ? 5 : 15); round += 1) {
    samples.push({
      direct: await firstByteMs(direct + bench.freshPath(size)),
      proxied: await firstByteMs(proxied + bench.freshPath(size)),
    });
  }
  return median(samples.map((sample) => sample.proxied)) - median(samples.map((sample) => sample.direct));
}

async function firstByteMs(url: string): Promise<number> {
  const hangUp = new AbortController();
  const result = await download(url, { signal: hangUp.signal, progress: () => hangUp.abort() });
  return result.firstByteMs;
}

/** The first slice alone until its head is here, then one slice after the other on every connection. */
async function idealDownload(url: string, connections: number, sliceBytes: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const slices = times(Math.ceil(bytes / sliceBytes), (index) => ({
    start: index * sliceBytes,
    end: Math.min(bytes, (index + 1) * sliceBytes),
  }));
  const startedMs = performance.now();
  const headed = Promise.withResolvers<void>();
  const lane = async (): Promise<number> => {
    let received = 0;
    for (let range = slices.shift(); range; range = slices.shift()) {
      received += (await download(url, { agent, range, progress: () => headed.resolve() })).bytes;
    }
    return received;
  };
  const first = lane();
  await headed.promise;
  const received = sum(await Promise.all([first, ...times(connections - 1, lane)]));
  agent.destroy();
  return received === bytes ? performance.now() - startedMs : Number.NaN;
}
