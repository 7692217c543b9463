// Floor 6. The admin port: health, readiness, metrics, status. GET and HEAD only; nothing here changes anything.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export interface AdminOptions {
  readonly metricsPath: string;
  readonly ready: () => boolean;
  readonly status: () => unknown;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

export function createAdminServer(options: AdminOptions): Server {
  return createServer((request, response) => {
    answer(options, request, response).catch((cause: unknown) => {
      send(response, 500, "text/plain", `${String(cause)}\n`);
    });
  });
}

async function answer(
  options: AdminOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    return send(response, 405, "text/plain", "Only GET and HEAD\n");
  }
  const path = request.url?.split("?", 1)[0];
  if (path === "/healthz") return send(response, 200, "text/plain", "ok\n");
  if (path === "/readyz") {
    return options.ready()
      ? send(response, 200, "text/plain", "ready\n")
      : send(response, 503, "text/plain", "draining\n");
  }
  if (path === "/status") {
    return send(response, 200, "application/json", `${JSON.stringify(options.status(), undefined, 2)}\n`);
  }
  if (path === options.metricsPath) {
    const { contentType, text } = await options.metrics();
    return send(response, 200, contentType, text);
  }
  send(response, 404, "text/plain", `Here are /healthz, /readyz, /status and ${options.metricsPath}\n`);
}

function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, {
    "Content-Type": contentType,
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
  });
  response.end(text);
}
