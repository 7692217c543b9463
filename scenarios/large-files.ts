// k6: 20 clients of 100 MB representations. Most download whole ones; some read a piece anywhere, as a player that
// seeks does, and compare every byte of it. Run by `npm run scenario -- large-files`, which says where TARGET is:
// Mandoline before the origin of src/cli/demo/far-origin.ts. With SMOKE set: 5 clients for 10 seconds.

import { check } from "k6";
import http from "k6/http";
import { Counter, Rate } from "k6/metrics";
import type { Options } from "k6/options";
import { makeTable, placeOf, tileBytes } from "../src/cli/demo/tiles.ts";

const target = __ENV.TARGET ?? "http://127.0.0.1:8080";
const smoke = __ENV.SMOKE !== undefined;
const duration = smoke ? "10s" : "60s";
const completeLength = 100_000_000;
const pieceBytes = 256 * 1024;
const table = makeTable();

/** 6 of 100 MB: more than a client waits for, fewer than the clients, so that they meet on the same slices. */
const paths = ["a", "b", "c", "d", "e", "f"].map((name) => `/100MB/${name}`);

const wrongBytes = new Counter("wrong_bytes");
const servedFromCache = new Rate("served_from_cache");

export const options: Options = {
  scenarios: {
    whole: { executor: "constant-vus", exec: "whole", vus: smoke ? 3 : 15, duration, gracefulStop: "30s" },
    pieces: { executor: "constant-vus", exec: "piece", vus: smoke ? 2 : 5, duration, gracefulStop: "30s" },
  },
  thresholds: {
    checks: ["rate==1"],
    http_req_failed: ["rate==0"],
    wrong_bytes: ["count==0"],
    "http_req_waiting{kind:whole}": ["p(95)<1000"],
    "http_req_duration{kind:piece}": ["p(95)<2000"],
  },
};

/** Downloads one representation; k6 reads the body to its end and drops it. */
export function whole(): void {
  const response = http.get(target + anyPath(), {
    responseType: "none",
    tags: { kind: "whole" },
    timeout: "60s",
  });
  note(response.headers);
  check(response, {
    "whole: 200": ({ status }) => status === 200,
    "whole: came to its end": ({ error }) => error === "",
    "whole: Content-Length": ({ headers }) => headers["Content-Length"] === String(completeLength),
  });
}

/** Reads one piece and compares it. */
export function piece(): void {
  const path = anyPath();
  const start = Math.floor(Math.random() * (completeLength - pieceBytes));
  const last = start + pieceBytes - 1;
  const response = http.get(target + path, {
    responseType: "binary",
    headers: { Range: `bytes=${start}-${last}` },
    tags: { kind: "piece" },
  });
  note(response.headers);
  const wrong = response.body === null ? pieceBytes : countWrong(path, start, new Uint8Array(response.body));
  wrongBytes.add(wrong);
  check(response, {
    "piece: 206": ({ status }) => status === 206,
    "piece: Content-Range": ({ headers }) =>
      headers["Content-Range"] === `bytes ${start}-${last}/${completeLength}`,
    "piece: every byte right": ({ body }) => wrong === 0 && body?.byteLength === pieceBytes,
  });
}

function anyPath(): string {
  return paths[Math.floor(Math.random() * paths.length)] ?? "";
}

function note(headers: Record<string, string>): void {
  servedFromCache.add(/;\s*hit\b/.test(headers["Cache-Status"] ?? ""));
}

function countWrong(path: string, start: number, bytes: Uint8Array): number {
  let wrong = 0;
  let place = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const position = start + at;
    place = at === 0 || position % tileBytes === 0 ? placeOf(path, position) : place + 1;
    if (bytes[at] !== table[place]) wrong += 1;
  }
  return wrong;
}
