// Floor 7. The stages of the demo: what is downloaded, which way, and what came of it.

import { Agent } from "node:http";
import type { ServerProcess } from "./child.ts";
import { type Download, download, isRight } from "./download.ts";
import type { FarOriginStats } from "./far-origin.ts";
import { Progress, type Screen } from "./progress.ts";

export interface StageResult {
  readonly label: string;
  readonly bytes: number;
  readonly seconds: number;
  /** Of the first request of the stage. */
  readonly firstByteMs: number;
  /** Bytes that left the origin for this stage. */
  readonly originBytes: number;
  /** Of the last response of the stage; empty when it came from the origin itself. */
  readonly cacheStatus: string;
  /** Every byte came, and was the right one. */
  readonly right: boolean;
}

export interface Stage {
  readonly label: string;
  readonly url: string;
  readonly totalBytes: number;
  /** One request each, one after the other; `undefined` asks for the whole. */
  readonly ranges: readonly ({ readonly start: number; readonly end: number } | undefined)[];
}

/** @throws the signal's reason when it aborts */
export async function runStage(
  stage: Stage,
  origin: ServerProcess,
  screen: Screen,
  signal: AbortSignal,
): Promise<StageResult> {
  await takeStats(origin);
  const progress = new Progress(screen, stage.label, stage.totalBytes);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const startedMs = performance.now();
  const results: Download[] = [];
  let bytes = 0;
  for (const range of stage.ranges) {
    const before = bytes;
    const told = (received: number) => progress.at(before + received);
    const result = await download(stage.url, { agent, signal, progress: told, ...(range && { range }) });
    results.push(result);
    bytes += result.bytes;
    signal.throwIfAborted();
  }
  agent.destroy();
  const seconds = (performance.now() - startedMs) / 1000;
  const right = stage.ranges.every((range, at) => {
    const result = results[at];
    return result && isRight(result, range ? range.end - range.start : stage.totalBytes);
  });
  progress.end(`${(bytes / 2 ** 20).toFixed(0)} MiB in ${seconds.toFixed(2)} s, ${verdict(results, right)}`);
  return {
    label: stage.label,
    bytes,
    seconds,
    firstByteMs: results[0]?.firstByteMs ?? 0,
    originBytes: (await takeStats(origin)).bodyBytes,
    cacheStatus: results.at(-1)?.headers["cache-status"]?.toString() ?? "",
    right,
  };
}

function verdict(results: readonly Download[], right: boolean): string {
  if (right) return "every byte right";
  const wrongBytes = results.reduce((total, { wrongBytes: wrong }) => total + wrong, 0);
  const broken = results.filter(({ whole }) => !whole).length;
  const statuses = [...new Set(results.map(({ status }) => status))].join(", ");
  return `NOT RIGHT: ${wrongBytes} bytes in wrong chunks, ${broken} responses broken off, status ${statuses}`;
}

async function takeStats(origin: ServerProcess): Promise<FarOriginStats> {
  const response = await fetch(`${origin.url}/_stats`, { method: "POST" });
  return (await response.json()) as FarOriginStats;
}
