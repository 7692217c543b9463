// Origins that misbehave on a sub-request: what the client gets is right, or honestly broken; never wrong bytes.

import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import type { Lie, OriginRequest, Script } from "../support/origin.ts";
import { flowTest, KiB } from "./support/flow.ts";
import { failure, hit, miss, part, whole } from "./support/shown.ts";

const path = "/300KiB/a";
const length = 300 * KiB;
const probe = `GET ${path} 0-131071`;
const second = `GET ${path} 131072-262143 if-match`;
const third = `GET ${path} 262144-307199 if-match`;

/** Tells `lie` to the first request for bytes from `start` on, and the truth otherwise. */
function once(start: number, lie: Lie): Script {
  let told = false;
  return ({ range }: OriginRequest) => {
    if (told || !range?.startsWith(`bytes=${start}-`)) return lies.honest;
    told = true;
    return lie;
  };
}

function always(start: number, lie: Lie): Script {
  return ({ range }: OriginRequest) => (range?.startsWith(`bytes=${start}-`) ? lie : lies.honest);
}

/** Met once, and mended: what else the origin is asked. */
const mended: readonly (readonly [says: string, start: number, lie: Lie, asked: readonly string[]])[] = [
  ["503 to the probe", 0, lies.unavailable(), [probe, probe, second, third]],
  ["503 to a later slice", 131072, lies.unavailable(), [probe, second, second, third]],
  ["503 with Retry-After: 0", 131072, lies.unavailable(0), [probe, second, second, third]],
  ["429 to a later slice", 131072, lies.status(429), [probe, second, second, third]],
  ["500 to a later slice", 131072, lies.status(500), [probe, second, second, third]],
  ["a reset before the probe's head", 0, lies.reset, [probe, probe, second, third]],
  ["a reset before a later head", 131072, lies.reset, [probe, second, second, third]],
  [
    "a connection closed with no head (keep-alive ended as the request was sent)",
    131072,
    { raw: "" },
    [probe, second, second, third],
  ],
  [
    "a cut in mid-slice, which goes on from the byte that failed",
    131072,
    lies.cutAfter(1000),
    [probe, second, `GET ${path} 132072-262143 if-match`, third],
  ],
  [
    "a cut of the probe, which goes on from the byte that failed",
    0,
    lies.cutAfter(70_000),
    [probe, `GET ${path} 70000-131071 if-match`, second, third],
  ],
  ["another start", 131072, lies.contentRange("bytes 131073-262143/307200"), [probe, second, second, third]],
  ["another end", 131072, lies.contentRange("bytes 131072-262142/307200"), [probe, second, second, third]],
  ["a malformed Content-Range", 131072, lies.contentRange("bytes of mine"), [probe, second, second, third]],
  ["no Content-Range", 131072, lies.contentRange(undefined), [probe, second, second, third]],
  [
    "multipart/byteranges",
    131072,
    lies.multipart(Buffer.from("x"), "bytes 131072-131072/307200"),
    [probe, second, second, third],
  ],
];

for (const [says, start, lie, asked] of mended) {
  flowTest(
    `${says} is asked again, and the client gets the whole`,
    { script: once(start, lie) },
    async (t, flow) => {
      t.strictSame(await flow.get(path), whole(path, length, miss));
      t.strictSame(flow.asked().toSorted(), [...asked].toSorted());
      t.strictSame(await flow.get(path), whole(path, length, hit));
      t.strictSame(flow.asked(), []);
    },
  );
}

flowTest(
  "chunked parts without Content-Length count as any other",
  { script: () => lies.chunked },
  async (t, flow) => {
    t.strictSame(await flow.get(path), whole(path, length, miss));
    t.strictSame(flow.asked(), [probe, second, third]);
  },
);

/** Never mended: the connection breaks after the bytes before it, and none of them is wrong. */
const broken: readonly (readonly [says: string, lie: Lie, times: number])[] = [
  ["404", lies.status(404), 1],
  ["401", lies.status(401), 1],
  ["a redirect", lies.status(302, { location: "/elsewhere" }), 1],
  ["416", lies.status(416), 1],
  ["another entity tag", lies.entityTag('"b"'), 1],
  ["a weak entity tag", lies.entityTag(`W/"300KiB/a"`), 1],
  ["no validator", lies.withoutValidator, 1],
  ["another complete length", lies.contentRange("bytes 131072-262143/307201"), 1],
  ["an unknown complete length", lies.contentRange("bytes 131072-262143/*"), 1],
  ["a content coding", lies.contentCoding("gzip"), 1],
];
for (const [says, lie, times] of broken) {
  flowTest(
    `${says} on the second slice breaks the connection after the first`,
    { script: always(131072, lie) },
    async (t, flow) => {
      const { fields, ...rest } = whole(path, length, miss);
      t.strictSame(await flow.get(path), { ...rest, fields, body: "0-131071", aborted: true });
      const asked = flow.asked();
      t.equal(asked.filter((text) => text === second).length, times);
    },
  );
}

flowTest(
  "503 that stays: max_retries retries, then the connection breaks",
  { script: always(131072, lies.unavailable()) },
  async (t, flow) => {
    const expected = { ...whole(path, length, miss), body: "0-131071", aborted: true };
    t.strictSame(await flow.get(path), expected);
    t.equal(flow.asked().filter((text) => text === second).length, 4);
  },
);

flowTest(
  "a body longer than it said never shows",
  { script: () => lies.followedBy(Buffer.from("more")) },
  async (t, flow) => {
    t.strictSame(await flow.get(path), whole(path, length, miss));
    t.strictSame(await flow.get(path), whole(path, length, hit));
  },
);

flowTest(
  "a changed representation breaks the download under way; the next request gets the new one whole",
  {},
  async (t, flow) => {
    const old = { name: "/300KiB/a", completeLength: length, entityTag: '"old"' };
    const changed = { ...old, name: "/300KiB/b", entityTag: '"new"' };
    const { origin } = flow;
    const holding = latch();
    origin.representations.set(path, old);
    origin.script = ({ range }) => (range === "bytes=131072-262143" ? lies.headAfter(holding.opened) : {});
    const first = flow.get(path);
    await origin.asked(2);
    origin.representations.set(path, changed);
    holding.open();
    t.match(await first, { status: 200, body: "0-131071", aborted: true });
    t.match(await flow.send(path, {}, "/300KiB/b"), { status: 200, body: "0-307199", aborted: false });
    t.match(await flow.send(path, {}, "/300KiB/b"), { fields: { "cache-status": hit, etag: '"new"' } });
  },
);

flowTest(
  "a head that doesn't come is 504 after the time for it",
  {
    config: { maxRetries: 0, timeouts: { connectMs: 1000, headMs: 50, idleMs: 1000, sliceMs: 5000 } },
    script: () => lies.headAfter(new Promise(() => {})),
  },
  async (t, flow) => {
    t.strictSame(await flow.get(path), failure(504, "ORIGIN_TIMEOUT"));
    t.strictSame(flow.asked(), [probe]);
  },
);

flowTest(
  "a body that stalls is asked again from the byte where it stopped",
  {
    config: { timeouts: { connectMs: 1000, headMs: 1000, idleMs: 60, sliceMs: 9000 } },
    script: once(131072, lies.stalledAfter(500, new Promise(() => {}))),
  },
  async (t, flow) => {
    t.strictSame(await flow.get(path), whole(path, length, miss));
    t.strictSame(
      flow.asked().toSorted(),
      [probe, `GET ${path} 131572-262143 if-match`, second, third].toSorted(),
    );
  },
);

flowTest("a 4,000-character entity tag names a representation as any other", {}, async (t, flow) => {
  const entityTag = `"${"x".repeat(4000)}"`;
  flow.origin.representations.set(path, { name: path, completeLength: length, entityTag });
  t.match(await flow.get(path, "200000-"), {
    status: 206,
    body: "200000-307199",
    fields: { etag: entityTag },
  });
  t.match(await flow.get(path, "200000-"), { fields: { "cache-status": hit } });
});

flowTest(
  "without a Date in its answers an origin is cached as any other",
  { script: () => ({ headers: { date: "" } }) },
  async (t, flow) => {
    t.match(await flow.get(path, "0-9"), part(path, 0, 9, length, miss));
    t.match(await flow.get(path, "0-9"), part(path, 0, 9, length, hit));
  },
);

flowTest("HTTP/1.0 with the connection's end as the body's end is relayed", {}, async (t, flow) => {
  flow.origin.script = () => ({ raw: "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold but good" });
  const fields = {
    "content-type": "text/plain",
    via: "1.1 mandoline",
    "cache-status": "mandoline; fwd=uri-miss; stored=?0",
    "transfer-encoding": "chunked",
  };
  t.strictSame(await flow.get(path), { status: 200, fields, body: "old but good", aborted: false });
});

flowTest("two Content-Length that differ are no answer", { config: { maxRetries: 0 } }, async (t, flow) => {
  flow.origin.script = () => ({
    raw: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
  });
  t.strictSame(await flow.get(path), failure(502, "ORIGIN_UNREACHABLE"));
});

flowTest(
  "both Transfer-Encoding and Content-Length from the origin are never joined to a body",
  {},
  async (t, flow) => {
    flow.origin.script = () => ({
      raw: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    });
    t.strictSame(await flow.get(path), failure(502, "ORIGIN_UNREACHABLE"));
  },
);

flowTest(
  "a 206 nobody asked for is relayed as the part it is, and not kept",
  { script: () => unasked },
  async (t, flow) => {
    const expected = part("/1000B/a", 0, 999, 2000, "mandoline; fwd=uri-miss; stored=?0");
    const gzip = { "accept-encoding": "gzip" };
    t.strictSame(await flow.get("/1000B/a", undefined, gzip), expected);
    t.strictSame(await flow.get("/1000B/a", undefined, gzip), expected);
    t.strictSame(flow.asked(), ["GET /1000B/a", "GET /1000B/a"]);
  },
);

const unasked: Lie = { status: 206, headers: { "content-range": "bytes 0-999/2000" } };
