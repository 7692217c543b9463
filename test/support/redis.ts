// A real Redis of a test, that can be hung, killed and started again on the same port.

import { onFreePort, serverFolder, startChild } from "./child-server.ts";

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Stops the process without closing its connections (SIGSTOP). */
  hang(): void;
  /** Lets a hung one go on. */
  goOn(): void;
  kill(): Promise<void>;
  /** Starts an empty one on the same port after `kill`. */
  restart(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** @param args more arguments, such as `--maxmemory 1mb` in two elements */
export async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
  const startOn = async (port: number) =>
    startChild(
      "redis-server",
      ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", ...args],
      await serverFolder("redis"),
      /Ready to accept connections/,
    );
  const first = await onFreePort(startOn);
  const { port } = first;
  let { server } = first;
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    hang: () => void server.child.kill("SIGSTOP"),
    goOn: () => void server.child.kill("SIGCONT"),
    kill: () => server.end("SIGKILL"),
    restart: async () => {
      server = await startOn(port);
    },
    stop: () => server.end("SIGKILL"),
  };
}
