// What every scenario of the benchmark is given: its servers as processes of their own, ended with the scenario.

import { type ServerProcess, startServer } from "../../src/cli/demo/child.ts";
import { type Download, type DownloadOptions, download } from "../../src/cli/demo/download.ts";
import type { FarOriginOptions, FarOriginStats } from "../../src/cli/demo/far-origin.ts";
import { nodeFlags } from "../../src/cli/node-flags.ts";
import type { Finding } from "./finding.ts";

export interface Scenario {
  readonly name: string;
  run(bench: Bench): Promise<readonly Finding[]>;
}

export type OriginOptions = Partial<Pick<FarOriginOptions, "latencyMs" | "bytesPerSecondPerConnection">> & {
  /** Shares of the requests, in [0, 1]. */
  readonly faults?: { readonly unavailable: number; readonly reset: number; readonly truncate: number };
};

const sibling = (file: string) => new URL(file, import.meta.url).pathname;

export class Bench {
  /** Fewer rounds, for a look. */
  readonly quick: boolean;
  readonly #program: string;
  readonly #servers: ServerProcess[] = [];
  #paths = 0;

  /** @param program the file of Mandoline, or of something in its place */
  constructor(quick: boolean, program: string) {
    this.quick = quick;
    this.#program = program;
  }

  origin(options: OriginOptions = {}): Promise<ServerProcess> {
    const { latencyMs = 0, bytesPerSecondPerConnection = Number.POSITIVE_INFINITY, faults } = options;
    const faultArgs = Object.entries(faults ?? {}).flatMap(([kind, share]) => [`--${kind}`, String(share)]);
    return this.#start("the origin", [
      sibling("origin-server.ts"),
      ...["--latency-ms", String(latencyMs), "--bytes-per-second", String(bytesPerSecondPerConnection)],
      ...faultArgs,
    ]);
  }

  proxy(origin: ServerProcess, profile: string, env: Record<string, string> = {}): Promise<ServerProcess> {
    const ports = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    const args = [
      ...nodeFlags,
      this.#program,
      "serve",
      "--origin",
      origin.url,
      ...ports,
      "--profile",
      profile,
    ];
    return this.#start("Mandoline", args, env);
  }

  pipe(origin: ServerProcess): Promise<ServerProcess> {
    return this.#start("the bare pipe", [sibling("pipe-server.ts"), "--origin", origin.url]);
  }

  /** A path that nobody has asked for: what it names is cold. @param size such as `64MiB` */
  freshPath(size: string): string {
    this.#paths += 1;
    return `/${size}/${this.#paths}`;
  }

  async end(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map((server) => server.stop()));
  }

  async #start(name: string, args: string[], env: Record<string, string> = {}): Promise<ServerProcess> {
    const server = await startServer({ name, args, env });
    this.#servers.push(server);
    return server;
  }
}

/** What the origin was asked since the last time, which it then forgets. */
export async function takeStats(origin: ServerProcess): Promise<FarOriginStats> {
  const response = await fetch(`${origin.url}/_stats`, { method: "POST" });
  return (await response.json()) as FarOriginStats;
}

/** Downloads all, so many at once, in order of the list. */
export async function downloadAll(
  urls: readonly string[],
  concurrent: number,
  options: DownloadOptions = {},
): Promise<Download[]> {
  const results: Download[] = [];
  let next = 0;
  const lane = async () => {
    for (;;) {
      const at = next;
      const url = urls[at];
      if (url === undefined) return;
      next += 1;
      results[at] = await download(url, options);
    }
  };
  await Promise.all(Array.from({ length: concurrent }, lane));
  return results;
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
