// Floor 7. An origin like one far away: latency before every head, a limited rate on every connection. It serves
// any representation whose path names its length (`/64MiB/anything`), so that there are no files. `/_stats` tells
// what was asked of it (GET), and forgets it (POST). Run as a program it prints where it listens.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { answerTo, representationAt } from "./origin-answer.ts";
import { PacedLine, writeBody } from "./paced-body.ts";

/** What goes wrong with one request; `share` is how much of the body comes before the cut, in [0, 1). */
export type Disturbance =
  | { readonly kind: "none" }
  | { readonly kind: "unavailable" }
  | { readonly kind: "reset" }
  | { readonly kind: "truncate"; readonly share: number };

export interface FarOriginOptions {
  /** From the arrival of a request to its head. */
  readonly latencyMs: number;
  /** `Infinity`: as fast as the machine goes. */
  readonly bytesPerSecondPerConnection: number;
  /** Asked once a request, in the order of arrival. */
  readonly disturb?: () => Disturbance;
}

export interface FarOriginStats {
  readonly requests: number;
  /** Bytes of bodies handed to the network. */
  readonly bodyBytes: number;
  /** Most requests at once, each from its arrival until its last byte is handed over. */
  readonly peakConcurrent: number;
}

export interface FarOriginLogEntry {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
}

export interface FarOrigin {
  readonly url: string;
  readonly log: readonly FarOriginLogEntry[];
  stats(): FarOriginStats;
  close(): Promise<void>;
}

/** This file's path, for those who run it as a process of its own. */
export const farOriginProgram: string = import.meta.filename;

/** Listens on a free port of 127.0.0.1. */
export async function startFarOrigin(options: FarOriginOptions): Promise<FarOrigin> {
  const origin = new Origin(options);
  const server = createServer({ keepAlive: true, noDelay: true }, (request, response) => {
    void origin.handle(request, response);
  });
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log: origin.log,
    stats: () => origin.stats,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class Origin {
  readonly log: FarOriginLogEntry[] = [];
  stats: FarOriginStats = { requests: 0, bodyBytes: 0, peakConcurrent: 0 };
  readonly #options: FarOriginOptions;
  readonly #line: PacedLine;
  #concurrent = 0;

  constructor(options: FarOriginOptions) {
    this.#options = options;
    this.#line = new PacedLine(options.bytesPerSecondPerConnection);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    if (path === "/_stats") return this.#tell(request, response);
    const method = request.method ?? "GET";
    this.log.push({ method, path, range: request.headers.range });
    this.#concurrent += 1;
    this.stats = {
      ...this.stats,
      requests: this.stats.requests + 1,
      peakConcurrent: Math.max(this.stats.peakConcurrent, this.#concurrent),
    };
    const disturbance = this.#options.disturb?.() ?? { kind: "none" };
    if (this.#options.latencyMs > 0) await delay(this.#options.latencyMs);
    await this.#answer(request, response, disturbance);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, disturbance: Disturbance): Promise<void> {
    const representation = representationAt(request.url ?? "/");
    if (disturbance.kind === "reset" || response.destroyed) {
      this.#concurrent -= 1;
      request.socket.resetAndDestroy();
      return;
    }
    if (disturbance.kind === "unavailable" || !representation) {
      this.#concurrent -= 1;
      response.writeHead(representation ? 503 : 404, { "content-length": 0 }).end();
      return;
    }
    const { status, headers, start, end } = answerTo(
      request.method ?? "GET",
      request.headers,
      representation,
    );
    const cut = disturbance.kind === "truncate" ? start + Math.floor((end - start) * disturbance.share) : end;
    response.writeHead(status, headers);
    if (cut < end) response.flushHeaders();
    const body = { name: representation.name, start, end: cut };
    const present = await writeBody(response, body, this.#line, (bytes) => {
      this.stats = { ...this.stats, bodyBytes: this.stats.bodyBytes + bytes };
    });
    this.#concurrent -= 1;
    if (present && cut < end) request.socket.destroySoon();
    else response.end();
  }

  #tell(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader("content-type", "application/json").end(JSON.stringify(this.stats));
    if (request.method !== "POST") return;
    this.stats = { requests: 0, bodyBytes: 0, peakConcurrent: this.#concurrent };
    this.log.length = 0;
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { "latency-ms": { type: "string" }, "bytes-per-second": { type: "string" } },
  });
  const origin = await startFarOrigin({
    latencyMs: Number(values["latency-ms"] ?? 0),
    bytesPerSecondPerConnection: Number(values["bytes-per-second"] ?? Number.POSITIVE_INFINITY),
  });
  process.stdout.write(`${JSON.stringify({ msg: "listening", data: new URL(origin.url).host })}\n`);
  process.once("SIGTERM", () => void origin.close());
}
