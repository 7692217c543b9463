// A whole proxy on real sockets before a scripted origin, for one test: started before it, and held against having
// given everything back after it.

import { setTimeout as pause } from "node:timers/promises";
import t, { type Test } from "tap";
import type { Config } from "../../../src/config/config.ts";
import { defaultConfig } from "../../../src/config/load.ts";
import { type Held, type RunningProxy, startProxy } from "../../../src/server/proxy.ts";
import { type FetchOptions, fetchWhole } from "../../support/client.ts";
import { type Script, type ScriptedOrigin, startOrigin } from "../../support/origin.ts";
import { type Shown, show } from "./shown.ts";

export const KiB = 1024;
/** Two pages. */
export const sliceBytes: number = 128 * KiB;

export interface Flow {
  readonly origin: ScriptedOrigin;
  readonly proxy: RunningProxy;
  /** Of the proxy's data port, without a slash at its end. */
  readonly url: string;
  /** A GET of `path`, with a Range if given. */
  get(path: string, range?: string, headers?: Readonly<Record<string, string>>): Promise<Shown>;
  /** Any request; `name` is the representation that the body is held against. */
  send(path: string, options: FetchOptions, name?: string): Promise<Shown>;
  /** What the origin was asked since the last call, in order of arrival. */
  asked(): string[];
}

export interface FlowOptions {
  readonly config?: Partial<Config>;
  readonly script?: Script;
}

type Body = (t: Tap, flow: Flow) => Promise<unknown>;
export type Tap = Test;

/** One test with a proxy and an origin of its own; at its end nothing is held. */
export function flowTest(name: string, options: FlowOptions, body: Body): void {
  t.test(name, async (t) => {
    const origin = await startOrigin(options.script);
    const proxy = await startProxy(flowConfig(origin.url, options.config));
    t.teardown(async () => {
      await proxy.close();
      await origin.close();
    });
    await body(t, flowOf(origin, proxy));
    t.strictSame(await settled(proxy), nothingHeld, "nothing is held at the end");
  });
}

/** Small slices, short waits before retries, no log. */
export function flowConfig(origin: string, overrides: Partial<Config> = {}): Config {
  return defaultConfig({
    origin,
    sliceBytes,
    memoryBytesMax: 8192 * KiB,
    retryBackoff: { firstMs: 1, maxMs: 2 },
    log: { level: "silent", access: false },
    ...overrides,
  });
}

export const nothingHeld: Held = { pagesInUse: 0, subrequestsInFlight: 0, reservedBytes: 0 };

/** What is held once the ends of requests, which come after their last bytes, have passed; at most 5 s later. */
export async function settled(proxy: RunningProxy): Promise<Held> {
  return until(proxy.held, (held) => Object.values(held).every((count) => count === 0));
}

/** Reads until it is as wanted, or for 5 s: for what no event tells. @returns the last reading */
export async function until<T>(read: () => T | Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  const end = performance.now() + 5000;
  for (;;) {
    const value = await read();
    if (wanted(value) || performance.now() > end) return value;
    await pause(2);
  }
}

/** Resolves when the proxy is answering so many requests; at most 5 s later. */
export async function inFlight({ proxy }: Pick<Flow, "proxy">, count: number): Promise<void> {
  const url = `http://127.0.0.1:${proxy.admin.port}/status`;
  await until(
    async () => (await (await fetch(url)).json()) as { readonly requestsInFlight: number },
    ({ requestsInFlight }) => requestsInFlight === count,
  );
}

function flowOf(origin: ScriptedOrigin, proxy: RunningProxy): Flow {
  const url = `http://127.0.0.1:${proxy.data.port}`;
  const send = async (path: string, options: FetchOptions, name = path) =>
    show(await fetchWhole(url + path, options), name);
  return {
    origin,
    proxy,
    url,
    send,
    get: (path, range, headers = {}) =>
      send(path, { headers: range === undefined ? headers : { ...headers, range: `bytes=${range}` } }),
    asked: () => origin.log.splice(0).map(askedText),
  };
}

/** Method, path, range, and which preconditions came with it. */
function askedText({ method, path, range, headers }: ScriptedOrigin["log"][number]): string {
  const conditions = ["if-match", "if-unmodified-since", "if-none-match", "if-modified-since"];
  const parts = [method, path, range?.replace("bytes=", ""), ...conditions.filter((name) => name in headers)];
  return parts.filter((part) => part !== undefined).join(" ");
}
