// Floor 6. A running proxy: the floors below put together for one configuration, its two listeners, and its end.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { matchesGlob } from "node:path";
import { systemClock } from "../base/clock.ts";
import { isMandolineError, type MandolineError } from "../base/errors.ts";
import { Cache } from "../cache/cache.ts";
import { Filler } from "../cache/fill.ts";
import { formatHostPort, type HostPort } from "../config/addresses.ts";
import type { Config } from "../config/config.ts";
import { HttpSink } from "../deliver/http-sink.ts";
import { Passthrough } from "../deliver/passthrough.ts";
import { Origin } from "../origin/origin.ts";
import { PAGE_BYTES, PagePool } from "../slice/page-pool.ts";
import { MemoryStore } from "../store/memory-store.ts";
import type { RedisStore } from "../store/redis-store.ts";
import { TieredStore } from "../store/tiered-store.ts";
import { createAdminServer } from "./admin.ts";
import { clientRequestOf } from "./client-request.ts";
import { headOfFailure } from "./failure.ts";
import { Handler } from "./handler.ts";
import { listen, stopListening } from "./listen.ts";
import { type Log, openLog } from "./log.ts";
import { openMetrics } from "./metrics.ts";

/** What is held beyond what is cached: all 0 when no request is under way. */
export interface Held {
  /** Pages of runs that are being filled, and pins of writes to clients. */
  readonly pagesInUse: number;
  readonly subrequestsInFlight: number;
  /** Memory that could not be evicted now. */
  readonly reservedBytes: number;
}

export interface RunningProxy {
  readonly data: HostPort;
  readonly admin: HostPort;
  readonly log: Log;
  held(): Held;
  /**
   * Not ready any more, no new connection; running downloads go on.
   *
   * @returns whether all of them ended within `graceMs`
   */
  drain(graceMs: number): Promise<boolean>;
  /** Ends at once, whatever is under way. */
  close(): Promise<void>;
}

export interface ProxyDeps {
  /** Log lines for people instead of JSON. */
  readonly prettyLog?: boolean;
}

/** @throws PORT_TAKEN; nothing is left running then */
export async function startProxy(config: Config, deps: ProxyDeps = {}): Promise<RunningProxy> {
  const parts = await assemble(config, deps);
  const { dataServer, adminServer, log } = parts;
  try {
    const data = await listen(dataServer, config.listen, "clients");
    const admin = await listen(adminServer, config.admin, "administration");
    const at = { data: formatHostPort(data), admin: formatHostPort(admin) };
    log.logger.info({ ...at, origin: config.origin, redis: config.redis !== undefined }, "listening");
    log.flush();
    return { data, admin, log, held: parts.held, drain: parts.drain, close: parts.close };
  } catch (error) {
    await parts.close();
    throw error;
  }
}

type Parts = Omit<RunningProxy, "data" | "admin"> & {
  readonly dataServer: Server;
  readonly adminServer: Server;
};

async function assemble(config: Config, deps: ProxyDeps): Promise<Parts> {
  const clock = systemClock;
  const log = await openLog({ ...config.log, pretty: deps.prettyLog ?? false }, () => clock.monotonicMs());
  const origin = openOrigin(config);
  const pool = new PagePool(config.memoryBytesMax);
  const near = new MemoryStore({ pool, metadataBytesMax: config.metadataBytesMax });
  const far = config.redis === undefined ? undefined : await openRedis(config.redis);
  const store = new TieredStore(near, far);
  const filler = new Filler({ store, pool, origin });
  const cache = new Cache({ ...config, filler, clock });
  const handler = new Handler({
    cache,
    store,
    pool,
    clock,
    sliceBytes: config.sliceBytes,
    widthMax: config.maxConcurrentSubrequests,
    isSlicePath: (path) => config.slicePatterns.some((pattern) => matchesPattern(path, pattern)),
    onFailure: (error, { method, host, target }) => logFailure(log, error, method, host, target),
  });
  const passthrough = new Passthrough({
    origin: origin.url,
    connectMs: config.timeouts.connectMs,
    idleMs: config.timeouts.headMs,
  });
  let draining = false;
  const held = (): Held => ({
    pagesInUse: pool.pagesInUse - near.idleBytes / PAGE_BYTES + pool.writePins,
    subrequestsInFlight: origin.limiter.inFlight,
    reservedBytes: pool.pagesInUse * PAGE_BYTES - near.idleBytes,
  });
  const breakers = () => ({
    [origin.url.host]: origin.breaker.state,
    ...(far && { redis: far.state }),
  });
  const metrics = openMetrics({
    requestsInFlight: () => handler.inFlight,
    subrequestsInFlight: () => origin.limiter.inFlight,
    subrequestsQueued: () => origin.limiter.queued,
    memoryBytes: () => pool.pagesInUse * PAGE_BYTES,
    memoryBytesMax: pool.pagesMax * PAGE_BYTES,
    memorySlices: () => near.sliceCount,
    storedResponses: () => near.responseCount,
    storedResponseBytes: () => near.responseBytes,
    breakers,
  });
  const dataServer = createDataServer(handler, passthrough, () => draining);
  const adminServer = createAdminServer({
    metricsPath: config.metricsEndpoint,
    ready: () => !draining,
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    status: () => ({
      state: draining ? "draining" : "ready",
      uptimeSeconds: Math.round(process.uptime()),
      origin: {
        url: config.origin,
        subrequestsInFlight: origin.limiter.inFlight,
        queued: origin.limiter.queued,
      },
      breakers: breakers(),
      requestsInFlight: handler.inFlight,
      memory: {
        bytesMax: pool.pagesMax * PAGE_BYTES,
        bytes: pool.pagesInUse * PAGE_BYTES,
        slices: near.sliceCount,
        storedResponses: near.responseCount,
      },
      held: held(),
      resident: { bytes: process.memoryUsage.rss() },
    }),
  });
  const drain = async (graceMs: number): Promise<boolean> => {
    draining = true;
    const ended = stopListening(dataServer).then(() => true);
    let disarm = () => {};
    const late = new Promise<boolean>((resolve) => {
      disarm = clock.after(graceMs, () => resolve(false));
    });
    return Promise.race([ended, late]).finally(() => disarm());
  };
  const close = async (): Promise<void> => {
    draining = true;
    dataServer.closeAllConnections();
    adminServer.closeAllConnections();
    passthrough.close();
    await Promise.all([stopListening(dataServer), stopListening(adminServer), origin.close(), far?.close()]);
    metrics.close();
    log.close();
  };
  return { dataServer, adminServer, log, held, drain, close };
}

/** Loaded only where it is used: its client takes 10 MB of memory. */
async function openRedis(url: string): Promise<RedisStore> {
  const { RedisStore } = await import("../store/redis-store.ts");
  return new RedisStore(url, systemClock);
}

function openOrigin(config: Config): Origin {
  return new Origin({
    url: new URL(config.origin),
    clock: systemClock,
    random: Math.random,
    subrequestsMax: config.maxConcurrentSubrequestsPerOrigin,
    queuedMax: config.maxQueuedSubrequests,
    retry: { retriesMax: config.maxRetries, ...config.retryBackoff },
    retryBudgetPercent: config.retryBudgetPercent,
    hedgePercent: config.hedging.enabled ? config.hedging.budgetPercent : 0,
    ...config.timeouts,
    breaker: config.breaker,
  });
}

function createDataServer(handler: Handler, passthrough: Passthrough, isDraining: () => boolean): Server {
  // Any other upgrade is an offer that may be declined: the request is answered as it stands (RFC 9110 §7.8).
  const isWebSocket = (request: IncomingMessage) => request.headers.upgrade?.toLowerCase() === "websocket";
  // An upload may take its time; a head may not (Node's headersTimeout).
  const options = { keepAliveTimeout: 75_000, requestTimeout: 0, shouldUpgradeCallback: isWebSocket };
  const server = createServer(options, (message: IncomingMessage, response: ServerResponse) => {
    if (isDraining()) response.setHeader("Connection", "close");
    // A response begun before draining leaves a connection that would wait for another request.
    response.once("close", () => {
      if (isDraining()) setImmediate(() => server.closeIdleConnections());
    });
    const sink = new HttpSink(response);
    try {
      const request = clientRequestOf(message, "http");
      message.url = request.target;
      const forward = (cacheStatus: string) => passthrough.forward(message, response, cacheStatus);
      void handler.handle(request, sink, forward, message.socket.remoteAddress ?? "");
    } catch (error) {
      const { status, fields } = headOfFailure(error as MandolineError);
      sink.head(status, fields);
      sink.end();
    }
  });
  server.on("upgrade", (request, socket, head) => passthrough.upgrade(request, socket, head));
  return server;
}

/** A pattern without a slash speaks of the last part of the path; one with a slash of the whole. */
function matchesPattern(path: string, pattern: string): boolean {
  const subject = pattern.includes("/") ? path : path.slice(path.lastIndexOf("/") + 1);
  return matchesGlob(subject, pattern);
}

function logFailure(log: Log, error: MandolineError, method: string, host: string, target: string): void {
  const { code, source, facts } = error;
  const level = isMandolineError(error, "INVARIANT") ? "error" : "warn";
  log.logger[level]({ code, source, facts, method, host, path: target.split("?", 1)[0] }, error.message);
}
