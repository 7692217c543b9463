// Hot 64 MiB by 4 clients. The load comes from wrk, which costs less than the server; bytes are checked before.

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { download, isRight } from "../../../src/cli/demo/download.ts";
import { type Bench, type Scenario, takeStats } from "../bench.ts";
import { correct, type Finding, speed } from "../finding.ts";

const size = "64MiB";
const bytes = 64 * 2 ** 20;

export const hot: Scenario = { name: "hot", run };

interface Summary {
  readonly bytes: number;
  readonly seconds: number;
  readonly requests: number;
  readonly errors: number;
}

async function run(bench: Bench): Promise<Finding[]> {
  const origin = await bench.origin();
  const proxy = await bench.proxy(origin, "high-throughput");
  const url = proxy.url + bench.freshPath(size);
  await download(url);
  await takeStats(origin);
  const before = await download(url);
  const { bytes: sent, seconds, errors } = await wrk(url, bench.quick ? 3 : 10);
  const { requests } = await takeStats(origin);
  return [
    speed("4 clients together", sent / 1e9 / seconds, "GB/s", { min: 2 }),
    speed("first byte, one client", before.firstByteMs, "ms"),
    correct("requests to the origin", requests, "", { max: 0 }),
    correct("downloads not right", (isRight(before, bytes) ? 0 : 1) + errors, "", { max: 0 }),
  ];
}

async function wrk(url: string, seconds: number): Promise<Summary> {
  const script = new URL("../wrk-summary.lua", import.meta.url).pathname;
  const args = ["-t1", "-c4", `-d${seconds}s`, "--timeout", "30s", "-s", script, url];
  const child = spawn("wrk", args, { stdio: ["ignore", "pipe", "inherit"] });
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  const said = await Promise.race([text(child.stdout), failed]);
  const summary = /^SUMMARY (.*)$/m.exec(said)?.[1];
  if (summary === undefined) throw new Error(`Running wrk: expected its summary, got: ${said}`);
  return JSON.parse(summary) as Summary;
}
