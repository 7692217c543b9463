// Runs one k6 scenario: `npm run scenario -- NAME [--smoke] [--target URL]`. Without a target it starts the demo's
// far origin and Mandoline before it, and ends both. Its exit code is k6's: 99 when a threshold was crossed.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { type ServerProcess, startServer } from "../src/cli/demo/child.ts";
import { farOriginProgram } from "../src/cli/demo/far-origin.ts";
import { nodeFlags } from "../src/cli/node-flags.ts";

const here = (file: string) => new URL(file, import.meta.url).pathname;
const k6 = here("../.tools/k6");
const originArgs = ["--latency-ms", "20", "--bytes-per-second", "25000000"];

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { smoke: { type: "boolean", default: false }, target: { type: "string" } },
    allowPositionals: true,
  });
  const [name = ""] = positionals;
  const script = here(`${name}.ts`);
  if (name === "run" || !/^[a-z-]+$/.test(name) || !existsSync(script)) {
    return complain(`Choosing a scenario: expected a name such as large-files, got "${name}"`);
  }
  if (!existsSync(k6)) return complain("There is no .tools/k6 yet: build it by `npm run k6:install`");
  const servers: ServerProcess[] = [];
  try {
    const target = values.target ?? (await startBoth(servers));
    return await runK6(script, { TARGET: target, ...(values.smoke && { SMOKE: "1" }) });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function complain(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}

async function startBoth(servers: ServerProcess[]): Promise<string> {
  const origin = await startServer({ name: "the far origin", args: [farOriginProgram, ...originArgs] });
  servers.push(origin);
  const ports = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const mandoline = await startServer({
    name: "Mandoline",
    args: [
      ...nodeFlags,
      here("../dist/main.js"),
      "serve",
      "--origin",
      origin.url,
      ...ports,
      "--profile",
      "high-throughput",
    ],
  });
  servers.push(mandoline);
  return mandoline.url;
}

/** Signals from the terminal reach k6 too, which then ends by itself. */
async function runK6(script: string, variables: Record<string, string>): Promise<number> {
  const env = { ...process.env, K6_AUTO_EXTENSION_RESOLUTION: "false", K6_NO_USAGE_REPORT: "true" };
  const args = Object.entries(variables).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  const child = spawn(k6, ["run", ...args, script], { stdio: "inherit", env });
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on("SIGTERM", passOn).on("SIGINT", () => undefined);
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (exitCode) => resolve(exitCode ?? 130));
  });
  process.off("SIGTERM", passOn);
  return code;
}
