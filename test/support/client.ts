// A client that keeps the whole response, and says whether it ended as it should.

import { type IncomingHttpHeaders, request } from "node:http";
import { verifyAt } from "../../src/cli/demo/known-bytes.ts";

export interface WholeResponse {
  /** 0 when no head came. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The connection broke before the response was whole. */
  readonly aborted: boolean;
}

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** Fetches on a connection of its own; a broken connection is told by `aborted`. */
export function fetchWhole(url: string, options: FetchOptions = {}): Promise<WholeResponse> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let status = 0;
    let headers: IncomingHttpHeaders = {};
    const finish = (aborted: boolean) => resolve({ status, headers, body: Buffer.concat(chunks), aborted });
    const sent = request(url, {
      agent: false,
      method: options.method ?? "GET",
      headers: { connection: "close", ...options.headers },
    });
    sent.once("error", () => finish(true));
    sent.once("response", (response) => {
      status = response.statusCode ?? 0;
      headers = response.headers;
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", () => finish(true));
      response.once("end", () => finish(!response.complete));
    });
    sent.end(options.body);
  });
}

export function fetchRange(url: string, range: string): Promise<WholeResponse> {
  return fetchWhole(url, { headers: { range: `bytes=${range}` } });
}

/** Whether the body is what the made-up representation `name` holds from `start` on; true for what an abort left. */
export function isTrue(response: WholeResponse, name: string, start = 0): boolean {
  return verifyAt(name, start, response.body);
}
