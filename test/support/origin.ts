// An origin that tells the truth, or one lie a request: a script says which. What it can lie about is in lies.ts.
// It answers as the demo's honest origin does and serves `/64MiB/name` too, without latency and limit.

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expectedBytes } from "../../src/cli/demo/known-bytes.ts";
import { answerTo, type Representation, representationAt } from "../../src/cli/demo/origin-answer.ts";
import { Counter } from "./latch.ts";

/** How an answer differs from the honest one; `{}` is the honest one. */
export interface Lie {
  readonly status?: number;
  /** Put over the honest head; `undefined` takes a field away. Without Content-Length the body is chunked. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** In place of the honest body; Content-Length follows. */
  readonly body?: Buffer;
  /** Answers as if these request fields were not there. */
  readonly ignore?: readonly string[];
  readonly headAfter?: Promise<void>;
  /** Sends so many bytes of the body, then waits. */
  readonly stall?: { readonly bytes: number; readonly until: Promise<void> };
  /** Sends so many bytes of the body, then closes the connection. */
  readonly cutBytes?: number;
  /** Sent after the body; Content-Length doesn't know of it. */
  readonly extra?: Buffer;
  readonly reset?: boolean;
  /** Written to the connection as it is, which is then closed. */
  readonly raw?: string | Buffer;
}

export interface OriginRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Whole, for requests that have one. */
  readonly body: Buffer;
}

/** @param index of the request in the log: 0 is the first */
export type Script = (request: OriginRequest, index: number) => Lie | Promise<Lie>;

export interface ScriptedOrigin {
  readonly url: string;
  /** In the order of arrival. Emptied by the test that wants to begin anew. */
  readonly log: OriginRequest[];
  /** By path; comes before what the path itself may say, and may be changed at any time. */
  readonly representations: Map<string, Representation>;
  script: Script;
  /** Bytes of bodies handed to the network. */
  bodyBytes(): number;
  /** Most requests at once so far. */
  peakConcurrent(): number;
  /** Resolves when so many requests have arrived since the start. */
  asked(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startOrigin(script: Script = () => ({})): Promise<ScriptedOrigin> {
  const arrived = new Counter();
  const representations = new Map<string, Representation>();
  const log: OriginRequest[] = [];
  let [bodyBytes, concurrent, peak] = [0, 0, 0];
  const origin: ScriptedOrigin = {
    url: "",
    log,
    representations,
    script,
    bodyBytes: () => bodyBytes,
    peakConcurrent: () => peak,
    asked: (count) => arrived.reached(count),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server = createServer({ noDelay: true }, (message, response) => {
    concurrent += 1;
    peak = Math.max(peak, concurrent);
    response.once("close", () => {
      concurrent -= 1;
    });
    void (async () => {
      const request = await logged(message);
      log.push(request);
      arrived.increment();
      const lie = await origin.script(request, arrived.count - 1);
      const sent = await answer(message, response, lie, representations.get(request.path));
      bodyBytes += sent;
    })();
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(origin, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function logged(message: IncomingMessage): Promise<OriginRequest> {
  const chunks: Buffer[] = [];
  if (message.method !== "GET" && message.method !== "HEAD") {
    for await (const chunk of message) chunks.push(chunk);
  }
  const { headers } = message;
  return {
    method: message.method ?? "",
    path: message.url ?? "",
    range: headers.range,
    ifMatch: headers["if-match"],
    ifNoneMatch: headers["if-none-match"],
    headers,
    body: Buffer.concat(chunks),
  };
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  lie: Lie,
  known: Representation | undefined,
): Promise<number> {
  if (lie.reset) return broken(() => message.socket.resetAndDestroy());
  if (lie.raw !== undefined) return broken(() => message.socket.end(lie.raw ?? ""));
  const representation = known ?? representationAt(message.url ?? "");
  const fields = Object.fromEntries(
    Object.entries(message.headers).filter(([name]) => !lie.ignore?.includes(name)),
  );
  const method = message.method ?? "GET";
  const honest = representation
    ? answerTo(method, fields, representation)
    : { status: 404, headers: { "content-length": "0" }, start: 0, end: 0 };
  const body = lie.body ?? expectedBytes(representation?.name ?? "", honest.start, honest.end);
  await lie.headAfter;
  if (response.destroyed) return 0;
  response.statusCode = lie.status ?? honest.status;
  const length = lie.body ? { "content-length": String(lie.body.length) } : {};
  for (const [name, value] of Object.entries({ ...honest.headers, ...length, ...lie.headers })) {
    if (value !== undefined) response.setHeader(name, value);
  }
  response.flushHeaders();
  return writeBody(response, body, lie);
}

async function writeBody(response: ServerResponse, body: Buffer, lie: Lie): Promise<number> {
  const end = Math.min(body.length, lie.cutBytes ?? body.length);
  const stallAt = Math.min(end, lie.stall?.bytes ?? end);
  response.write(body.subarray(0, stallAt));
  await lie.stall?.until;
  if (response.destroyed) return stallAt;
  response.write(body.subarray(stallAt, end));
  if (lie.extra) response.write(lie.extra);
  if (lie.cutBytes === undefined) response.end();
  else response.socket?.destroySoon();
  return end;
}

function broken(close: () => void): number {
  close();
  return 0;
}
