// Floor 7. Servers of the demo, the benchmark and the scenarios as processes of their own: each prints one JSON
// line with `"msg":"listening"` when it can be asked, and ends by SIGTERM.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { MandolineError } from "../../base/errors.ts";

export interface ServerProcess {
  readonly pid: number;
  /** Where it takes requests, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Its admin port, if it has one. */
  readonly adminUrl: string | undefined;
  /** Sends SIGTERM, after 5 s SIGKILL. @returns the exit code, `null` when a signal ended it */
  stop(): Promise<number | null>;
}

export interface ServerCommand {
  /** Names the server in messages. */
  readonly name: string;
  /** Arguments of this Node: the program's file first. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly startMsMax?: number;
}

interface Listening {
  readonly data: string;
  readonly admin?: string;
}

/** @throws INVARIANT when the process ends, or the time is over, before it listens; the message carries its output */
export async function startServer(command: ServerCommand): Promise<ServerProcess> {
  const child = spawn(process.execPath, command.args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...command.env },
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const killAtExit = () => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  void exited.then(() => process.off("exit", killAtExit));
  const said: string[] = [];
  const startMsMax = command.startMsMax ?? 10_000;
  const listening = await new Promise<Listening>((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      const output = said.slice(-20).join("\n");
      reject(
        new MandolineError(
          "INVARIANT",
          `Starting ${command.name}: expected it to listen, but ${why}\n${output}`,
          {
            source: "self",
          },
        ),
      );
    };
    const timer = setTimeout(() => fail(`it said nothing for ${startMsMax} ms`), startMsMax);
    void exited.then((code) => fail(`it ended with ${code}`));
    const hear = (line: string) => {
      const found = listeningLine(line);
      if (said.length < 1000) said.push(line);
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    };
    createInterface(child.stdout).on("line", hear);
    createInterface(child.stderr).on("line", hear);
  });
  return {
    pid: child.pid ?? 0,
    url: `http://${listening.data}`,
    adminUrl: listening.admin === undefined ? undefined : `http://${listening.admin}`,
    stop: () => {
      const killTimer = setTimeout(() => child.kill("SIGKILL"), 5000);
      child.kill("SIGTERM");
      return exited.finally(() => clearTimeout(killTimer));
    },
  };
}

function listeningLine(line: string): Listening | undefined {
  if (!line.includes('"msg":"listening"')) return undefined;
  return JSON.parse(line) as Listening;
}
