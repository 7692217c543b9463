// Floor 5. What slices don't apply to goes to the origin as it came, streaming in both directions (http-proxy-3), with
// guards for what that package lets through: unframed bodies, hop-by-hop fields, an origin that is cut in mid-body.

import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createProxyServer, type ProxyServer } from "http-proxy-3";
import { endToEnd } from "../http/fields.ts";

export interface PassthroughOptions {
  readonly origin: URL;
  readonly connectMs: number;
  /** Longest wait for the origin's head, and longest silence in its body. */
  readonly idleMs: number;
}

export interface PassthroughResult {
  readonly status: number;
  /** Of the origin's body. */
  readonly bytes: number;
  readonly failure: unknown;
}

/** Connections for what is passed through; a request beyond them waits for one. */
const CONNECTIONS_MAX = 1024;

/** Node frames a body of these methods only by Content-Length: chunked, it would reach the origin as a second request. */
const UNFRAMED_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

export class Passthrough {
  readonly #proxy: ProxyServer;
  readonly #received: WeakMap<object, number> = new WeakMap();
  readonly #agent: http.Agent | https.Agent;
  /** No server of ours knows them any more. */
  readonly #upgraded: Set<Duplex> = new Set();

  constructor(options: PassthroughOptions) {
    const secure = options.origin.protocol === "https:";
    const agentOptions = { keepAlive: true, maxSockets: CONNECTIONS_MAX, maxFreeSockets: 64 };
    this.#agent = secure ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
    this.#proxy = createProxyServer({
      target: options.origin.href.replace(/\/$/, ""),
      agent: this.#agent,
      changeOrigin: true,
      connectTimeout: options.connectMs,
      proxyTimeout: options.idleMs,
    });
    // The package takes every target for a path.
    this.#proxy.on("proxyReq", (toOrigin, request) => {
      if (request.url === "*") toOrigin.path = "*";
    });
    // http-proxy-3 only half-closes the other side, which then may stay open for ever.
    this.#proxy.on("proxyReqWs", (toOrigin, _request, client) => {
      toOrigin.once("upgrade", (_response: IncomingMessage, origin: Socket) => {
        this.#track(origin);
        client.once("end", () => origin.destroySoon());
        client.once("close", () => origin.destroy());
        origin.once("close", () => client.destroy());
      });
    });
    this.#proxy.on("proxyRes", (fromOrigin, request, response) => {
      cleanResponse(fromOrigin);
      fromOrigin.on("data", (chunk: Buffer) => {
        this.#received.set(request, (this.#received.get(request) ?? 0) + chunk.length);
      });
      fromOrigin.once("aborted", () => response.destroy());
    });
  }

  /** @returns what was answered; the status is 0 when the client went away before a head */
  forward(
    request: IncomingMessage,
    response: ServerResponse,
    cacheStatus: string,
  ): Promise<PassthroughResult> {
    if (request.headers["transfer-encoding"] && UNFRAMED_METHODS.has(request.method ?? "")) {
      response.writeHead(411, { Connection: "close", "Content-Length": "0" }).end();
      return Promise.resolve({ status: 411, bytes: 0, failure: undefined });
    }
    if (response.closed) return Promise.resolve({ status: 0, bytes: 0, failure: undefined });
    cleanRequest(request);
    response.setHeader("Cache-Status", cacheStatus);
    return new Promise((resolve) => {
      let failure: unknown;
      response.once("close", () => {
        const status = response.headersSent ? response.statusCode : 0;
        resolve({ status, bytes: this.#received.get(request) ?? 0, failure });
      });
      this.#proxy.web(request, response, {}, (error) => {
        failure = error;
        if (response.headersSent || response.destroyed) response.destroy();
        else response.writeHead(502, { "Content-Length": "0" }).end();
      });
    });
  }

  /** A WebSocket, both ways, until one side closes. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#track(socket);
    request.headers.via = via(request.headers.via);
    delete request.headers["x-forwarded-host"];
    this.#proxy.ws(request, socket, head, {}, () => {
      if (!socket.destroyed)
        socket.end("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
  }

  #track(socket: Duplex): void {
    this.#upgraded.add(socket);
    socket.once("close", () => this.#upgraded.delete(socket));
  }

  close(): void {
    for (const socket of this.#upgraded) socket.destroy();
    this.#agent.destroy();
    this.#proxy.close();
  }
}

/** Leaves the end-to-end fields; 100 Continue has been answered by our server. */
function cleanRequest(request: IncomingMessage): void {
  const kept = namesOf(endToEnd(request.rawHeaders));
  for (const name of Object.keys(request.headers)) if (!kept.has(name)) delete request.headers[name];
  for (const name of ["expect", "x-forwarded-host"]) delete request.headers[name];
  request.headers.via = via(request.headers.via);
}

function cleanResponse(response: IncomingMessage): void {
  const kept = namesOf(endToEnd(response.rawHeaders));
  for (const name of Object.keys(response.headers)) if (!kept.has(name)) delete response.headers[name];
  response.headers.via = via(response.headers.via);
}

function namesOf(lines: readonly string[]): Set<string> {
  return new Set(lines.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()));
}

/** RFC 9110 §7.6.3. */
function via(received: string | undefined): string {
  return received ? `${received}, 1.1 mandoline` : "1.1 mandoline";
}
