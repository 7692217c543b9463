// Floor 7. `mandoline demo`: an origin like one far away, Mandoline before it, both as processes of their own, and
// a client that downloads from either and compares every byte.

import { extname } from "node:path";
import { type ServerProcess, startServer } from "./demo/child.ts";
import { farOriginProgram } from "./demo/far-origin.ts";
import { representationAt } from "./demo/origin-answer.ts";
import type { Screen } from "./demo/progress.ts";
import { seededRandom } from "./demo/seeded.ts";
import { runStage, type Stage, type StageResult } from "./demo/stages.ts";
import { table } from "./demo/table.ts";
import { nodeFlags } from "./node-flags.ts";

export interface DemoOptions {
  /** What is downloaded as a whole, such as `256MiB`; at most the memory of the profile, or it can't be hot. */
  readonly size?: string;
  readonly screen?: Screen;
  /** The file of Mandoline's command; its own when not given. */
  readonly program?: string;
}

const latencyMs = 30;
const bytesPerSecond = 8_000_000;
const readBytes = 256 * 2 ** 10;
const reads = 24;
const profile = "high-throughput";

/**
 * Runs the demo; SIGINT and SIGTERM end it early.
 *
 * @returns the exit code: 0, 1 when a byte was wrong or missing, 130 after a signal
 */
export async function runDemo(options: DemoOptions = {}): Promise<number> {
  const { size = "256MiB", screen = process.stdout } = options;
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const servers: ServerProcess[] = [];
  try {
    const origin = await startServer({
      name: "the far origin",
      args: [farOriginProgram, "--latency-ms", `${latencyMs}`, "--bytes-per-second", `${bytesPerSecond}`],
    });
    servers.push(origin);
    const mandoline = await startServer({ name: "Mandoline", args: serveArgs(options, origin.url) });
    servers.push(mandoline);
    screen.write(introduction(origin.url, mandoline.url));
    const results: StageResult[] = [];
    for (const stage of stages(size, origin.url, mandoline.url)) {
      results.push(await runStage(stage, origin, screen, interrupted.signal));
    }
    screen.write(`\n${resultTable(results)}\n\n${conclusion(results)}`);
    return results.every(({ right }) => right) ? 0 : 1;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    screen.write("\nInterrupted.\n");
    return 130;
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function serveArgs(options: DemoOptions, originUrl: string): string[] {
  // Built, this file is demo.js beside main.js.
  const main = new URL(`../main${extname(import.meta.filename)}`, import.meta.url).pathname;
  const ports = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  return [
    ...nodeFlags,
    options.program ?? main,
    "serve",
    "--origin",
    originUrl,
    ...ports,
    "--profile",
    profile,
  ];
}

function stages(size: string, origin: string, mandoline: string): Stage[] {
  const totalBytes = representationAt(`/${size}/film`)?.completeLength ?? 0;
  const whole = (label: string, url: string) => ({
    label,
    url: `${url}/${size}/film`,
    totalBytes,
    ranges: [undefined],
  });
  const random = seededRandom(2026);
  const ranges = Array.from({ length: reads }, () => {
    const start = Math.floor(random() * (2 ** 30 - readBytes));
    return { start, end: start + readBytes };
  });
  const seeking = (label: string, url: string) => ({
    label,
    url: `${url}/1GiB/archive`,
    totalBytes: reads * readBytes,
    ranges,
  });
  const amount = size.replace(/(?=[A-Z])/, " ");
  const labelled = [
    whole(`${amount} direct`, origin),
    whole(`${amount} cold`, mandoline),
    whole(`${amount} hot`, mandoline),
    seeking(`${reads} reads direct`, origin),
    seeking(`${reads} reads cold`, mandoline),
    seeking(`${reads} reads hot`, mandoline),
  ];
  const columns = Math.max(...labelled.map(({ label }) => label.length));
  return labelled.map((stage) => ({ ...stage, label: stage.label.padEnd(columns) }));
}

function introduction(origin: string, mandoline: string): string {
  return [
    `Origin     ${origin}   ${latencyMs} ms away, ${bytesPerSecond / 1e6} MB/s a connection`,
    `Mandoline  ${mandoline}   profile ${profile}`,
    `Direct is from the origin itself; cold and hot are through Mandoline. A read is ${readBytes / 2 ** 10} KiB
somewhere in 1 GiB. Every byte is compared with what it must be.`,
    "\n",
  ].join("\n");
}

function resultTable(results: readonly StageResult[]): string {
  const rows = results.map((result, at) => {
    const direct = results[at - (at % 3)] ?? result;
    return [
      result.label.trimEnd(),
      `${result.seconds.toFixed(2)} s`,
      (result.bytes / 1e6 / result.seconds).toFixed(1),
      `${result.firstByteMs.toFixed(1)} ms`,
      `${(result.originBytes / 2 ** 20).toFixed(1)} MiB`,
      direct === result ? "" : `${(direct.seconds / result.seconds).toFixed(1)} ×`,
      result.cacheStatus.replace(/^mandoline;\s*/, ""),
    ];
  });
  return table([["", "time", "MB/s", "first byte", "from origin", "faster", "Cache-Status"], ...rows]);
}

function conclusion(results: readonly StageResult[]): string {
  const checked = results.reduce((total, { bytes }) => total + bytes, 0);
  const wrong = results.filter(({ right }) => !right).map(({ label }) => label.trimEnd());
  const verdict =
    wrong.length === 0
      ? `Every one of ${checked.toLocaleString("en")} bytes was the right one.`
      : `Wrong or missing bytes: ${wrong.join("; ")}.`;
  return `${verdict}

Before your own origin:

  npm start -- --origin https://origin.example --profile ${profile}
  curl -o film http://127.0.0.1:8080/film
`;
}
