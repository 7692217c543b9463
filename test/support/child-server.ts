// Real servers as child processes of a test: started in a folder of their own, known to be ready by what they say.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

export interface ChildServer {
  readonly child: ChildProcess;
  readonly folder: string;
  /** Ends the process, and takes its folder away. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** A folder for one server. */
export function serverFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `mandoline-${name}-`));
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts `command` and waits until it says something that matches `ready`. */
export async function startChild(
  command: string,
  args: readonly string[],
  folder: string,
  ready: RegExp,
): Promise<ChildServer> {
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const killAtExit = () => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  await new Promise<void>((resolve, reject) => {
    let said = "";
    const hear = (stream: Readable) =>
      stream.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-4000);
        if (ready.test(said)) resolve();
      });
    hear(child.stdout);
    hear(child.stderr);
    child.once("error", reject);
    void exited.then(() =>
      reject(new Error(`Starting ${command}: expected ${ready}, but it ended: ${said}`)),
    );
  });
  return {
    child,
    folder,
    async end(signal) {
      child.kill(signal);
      await exited;
      process.off("exit", killAtExit);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a server on a free port, and on another one when somebody else took that port meanwhile. */
export async function onFreePort<T>(
  start: (port: number) => Promise<T>,
): Promise<{ port: number; server: T }> {
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    try {
      return { port, server: await start(port) };
    } catch (error) {
      if (tries === 5 || !/already in use/.test(String(error))) throw error;
    }
  }
}
