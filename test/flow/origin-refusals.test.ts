// Answers to the probe that are no bytes: relayed as they are, or told in our own words when there was no answer.

import * as lies from "../support/lies.ts";
import type { Lie } from "../support/origin.ts";
import { flowTest } from "./support/flow.ts";
import { failure } from "./support/shown.ts";

const path = "/300KiB/a";
const probe = `GET ${path} 0-131071`;

flowTest("404 to the probe is relayed, body and all", { script: () => notFound }, async (t, flow) => {
  const expected = {
    status: 404,
    fields: {
      "content-length": "7",
      "content-type": "text/plain",
      via: "1.1 mandoline",
      "cache-status": "mandoline; fwd=uri-miss; stored=?0",
    },
    body: "nothing",
    aborted: false,
  };
  t.strictSame(await flow.get(path), expected);
  t.strictSame(flow.asked(), [probe]);
});

const notFound: Lie = {
  status: 404,
  headers: {
    "content-type": "text/plain",
    etag: undefined,
    "last-modified": undefined,
    "cache-control": undefined,
    "content-range": undefined,
    "accept-ranges": undefined,
  },
  body: Buffer.from("nothing"),
};

for (const code of [301, 302, 307, 401, 403, 410, 451]) {
  flowTest(`${code} to the probe is relayed`, { script: () => lies.status(code) }, async (t, flow) => {
    t.match(await flow.get(path), { status: code, body: "none", aborted: false });
    t.strictSame(flow.asked(), [probe]);
  });
}

flowTest(
  "503 that stays is relayed after the retries",
  { script: () => lies.unavailable(0) },
  async (t, flow) => {
    t.match(await flow.get(path), { status: 503, body: "busy", fields: { "retry-after": "0" } });
    t.strictSame(flow.asked(), [probe, probe, probe, probe]);
  },
);

flowTest("an origin that resets every connection is 502", { script: () => lies.reset }, async (t, flow) => {
  t.strictSame(await flow.get(path), failure(502, "ORIGIN_UNREACHABLE"));
  t.strictSame(flow.asked(), [probe, probe, probe, probe]);
});
