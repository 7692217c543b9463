// Floor 7. A client that compares every byte as it arrives and keeps none.

import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { verifyAt } from "./known-bytes.ts";

export interface Download {
  /** 0 when no head came. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
  /** Bytes in chunks that hold anything but what belongs there. */
  readonly wrongBytes: number;
  /** Whether the head came and the body came to its end. */
  readonly whole: boolean;
  /** From the request to the first byte of the body, and to the end. */
  readonly firstByteMs: number;
  readonly wholeMs: number;
}

export interface DownloadOptions {
  /** Half-open; without it the whole representation is asked for. */
  readonly range?: { readonly start: number; readonly end: number };
  /** Called with the bytes so far. */
  readonly progress?: (bytes: number) => void;
  /** Without it every download has a connection of its own. */
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

/** Downloads the representation that the path of `url` names; a failure is told by `whole`, nothing is thrown. */
export function download(url: string, options: DownloadOptions = {}): Promise<Download> {
  const { range, progress, agent = new Agent({ maxSockets: 1 }), signal } = options;
  const { pathname } = new URL(url);
  const startedMs = performance.now();
  let [status, bytes, wrongBytes, firstByteMs] = [0, 0, 0, 0];
  let headers: IncomingHttpHeaders = {};
  return new Promise((resolve) => {
    const finish = (whole: boolean) => {
      if (!options.agent) agent.destroy();
      const wholeMs = performance.now() - startedMs;
      resolve({ status, headers, bytes, wrongBytes, whole, firstByteMs, wholeMs });
    };
    const sent = request(url, {
      agent,
      headers: range ? { range: `bytes=${range.start}-${range.end - 1}` } : {},
      ...(signal && { signal }),
    });
    sent.once("error", () => finish(false));
    sent.once("response", (response) => {
      status = response.statusCode ?? 0;
      headers = response.headers;
      const start = status === 206 ? (range?.start ?? 0) : 0;
      response.on("data", (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = performance.now() - startedMs;
        if (status < 300 && !verifyAt(pathname, start + bytes, chunk)) wrongBytes += chunk.length;
        bytes += chunk.length;
        progress?.(bytes);
      });
      response.once("error", () => finish(false));
      response.once("end", () => finish(response.complete));
    });
    sent.end();
  });
}

/** Whether the download brought exactly `expectedBytes` right bytes. */
export function isRight(result: Download, expectedBytes: number): boolean {
  return result.whole && result.status < 300 && result.wrongBytes === 0 && result.bytes === expectedBytes;
}
