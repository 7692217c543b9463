// Floor 7. The command line: its commands, their flags, their help.

import { Command } from "commander";
import { checkFile } from "./check.ts";
import { serve } from "./serve.ts";

type Environment = Readonly<Record<string, string | undefined>>;

interface ServeFlags {
  readonly config?: string;
  readonly profile?: string;
  readonly origin?: string;
  readonly listen?: string;
  readonly admin?: string;
  readonly redis?: string;
  readonly workers?: string;
}

/** @returns the exit code */
export async function run(argv: readonly string[], env: Environment): Promise<number> {
  let exitCode = 0;
  const program = new Command("mandoline")
    .description("A caching slice reverse proxy")
    .exitOverride()
    .showHelpAfterError();
  program
    .command("serve")
    .description("put Mandoline before an origin")
    .option("--origin <url>", "where to fetch from, as http://host:port")
    .option("--config <file>", "YAML file; `mandoline check` explains what is wrong with one")
    .option("--profile <name>", "balanced, high-throughput, low-memory or latency-critical")
    .option("--listen <host:port>", "where clients connect (default 127.0.0.1:8080)")
    .option("--admin <host:port>", "health, metrics and status (default 127.0.0.1:9090)")
    .option("--redis <url>", "second tier, shared by several nodes (default none)")
    .option("--workers <n>", "worker threads (default 1)")
    .action(async ({ config, profile, ...flags }: ServeFlags) => {
      exitCode = await serve({ file: config, profile, env, flags }, host());
    });
  program
    .command("check")
    .argument("<file>", "YAML file")
    .description("say whether a configuration file is valid, and what is wrong where")
    .action((file: string) => {
      const { ok, text } = checkFile(file, env);
      (ok ? process.stdout : process.stderr).write(`${text}\n`);
      exitCode = ok ? 0 : 2;
    });
  program
    .command("demo")
    .description("download a large file from a slow origin, with and without Mandoline")
    .action(async () => {
      // Only here: a server needs nothing of it in memory.
      const { runDemo } = await import("./demo.ts");
      exitCode = await runDemo({});
    });
  try {
    await program.parseAsync(argv as string[], { from: "user" });
  } catch (error) {
    const { code, exitCode: usage } = error as { code?: string; exitCode?: number };
    if (!code?.startsWith("commander.")) throw error;
    return usage === 0 ? 0 : 2;
  }
  return exitCode;
}

function host() {
  return {
    print: (text: string) => process.stderr.write(`${text}\n`),
    isTerminal: process.stdout.isTTY === true,
    toldToEnd: new Promise<string>((resolve) => {
      for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => resolve(signal));
    }),
  };
}
