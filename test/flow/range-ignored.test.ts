// Origins that answer a range with the whole, and answers that can't be joined: streams, slices of them, or passed on.

import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import type { Lie } from "../support/origin.ts";
import { flowTest, KiB, until } from "./support/flow.ts";
import { fieldsOf, hit, missWhole, part, partial, whole } from "./support/shown.ts";

const path = "/300KiB/a";
const length = 300 * KiB;
const probe = `GET ${path} 0-131071`;
const stored = { "accept-ranges": "bytes" };

flowTest(
  "200 to a range is cut into slices, and asked once",
  { script: () => lies.rangeIgnored },
  async (t, flow) => {
    t.strictSame(await flow.get(path), whole(path, length, missWhole));
    t.strictSame(await flow.get(path), whole(path, length, hit));
    t.strictSame(await flow.get(path, "-10"), part(path, length - 10, length - 1, length, hit));
    t.strictSame(flow.asked(), [probe]);
    t.match(fieldsOf(path), stored);
  },
);

flowTest(
  "a part of what comes as a whole is a 206 all the same",
  { script: () => lies.rangeIgnored },
  async (t, flow) => {
    t.strictSame(await flow.get(path, "140000-140009"), part(path, 140000, 140009, length, missWhole));
    t.strictSame(await flow.get(path, "140000-140009"), part(path, 140000, 140009, length, hit));
    t.strictSame(flow.asked(), [`GET ${path} 131072-196607`]);
  },
);

flowTest("that an origin ignores ranges is remembered: no range is asked again", {}, async (t, flow) => {
  flow.origin.script = () => lies.rangeIgnored;
  await flow.get(path, "0-9");
  flow.asked();
  t.strictSame(await flow.get(path, "300000-300009"), part(path, 300000, 300009, length, partial));
  t.strictSame(flow.asked(), [`GET ${path} if-match`]);
});

flowTest("ranges that stop working in mid-download go on as one stream", {}, async (t, flow) => {
  flow.origin.script = ({ range }) => (range === "bytes=0-131071" ? lies.honest : lies.rangeIgnored);
  const cold = await flow.get(path);
  t.match(cold, { status: 200, body: "0-307199", aborted: false });
  t.ok(flow.asked().includes(`GET ${path} if-match`), "a whole stream was asked");
  t.strictSame(await flow.get(path), whole(path, length, hit));
  t.strictSame(flow.asked(), []);
});

flowTest("a stream that is cut once is begun again, and the client gets the whole", {}, async (t, flow) => {
  flow.origin.script = (_, index) =>
    index === 0 ? { ...lies.rangeIgnored, cutBytes: 200_000 } : lies.rangeIgnored;
  t.strictSame(await flow.get(path), whole(path, length, missWhole));
  t.strictSame(flow.asked(), [probe, `GET ${path} if-match`]);
});

flowTest("a stream that is always cut breaks the connection at the cut", {}, async (t, flow) => {
  flow.origin.script = () => ({ ...lies.rangeIgnored, cutBytes: 200_000 });
  const expected = { ...whole(path, length, missWhole), body: "0-199999", aborted: true };
  t.strictSame(await flow.get(path), expected);
  t.strictSame(flow.asked(), [probe, `GET ${path} if-match`]);
});

flowTest("a stream of another version than the one begun breaks the connection", {}, async (t, flow) => {
  flow.origin.script = (_, index) =>
    index === 0
      ? { ...lies.rangeIgnored, cutBytes: 200_000 }
      : { ...lies.rangeIgnored, ignore: ["range", "if-match"], headers: { etag: '"b"' } };
  t.match(await flow.get(path), { status: 200, body: "0-199999", aborted: true });
  flow.origin.script = () => lies.rangeIgnored;
  t.match(await flow.get(path), { status: 200, body: "0-307199", aborted: false });
});

flowTest("more bytes than a stream's Content-Length never show", {}, async (t, flow) => {
  flow.origin.script = () => ({ ...lies.rangeIgnored, extra: Buffer.from("more") });
  t.strictSame(await flow.get(path), whole(path, length, missWhole));
  t.strictSame(await flow.get(path), whole(path, length, hit));
});

const relayed = "mandoline; fwd=uri-miss; stored=?0";

flowTest("200 without a length is relayed chunked, and not kept", {}, async (t, flow) => {
  flow.origin.script = () => ({
    ...lies.rangeIgnored,
    headers: { ...lies.rangeIgnored.headers, "content-length": undefined },
  });
  const { "accept-ranges": _, ...fields } = fieldsOf(path);
  const expected = {
    status: 200,
    fields: { ...fields, "transfer-encoding": "chunked", "cache-status": relayed },
    body: "0-307199",
    aborted: false,
  };
  t.strictSame(await flow.get(path), expected);
  t.strictSame(await flow.get(path), expected);
  t.strictSame(flow.asked(), [probe, probe]);
});

flowTest("a relayed answer that is cut breaks the connection", {}, async (t, flow) => {
  flow.origin.script = () => ({
    ...lies.rangeIgnored,
    headers: { "content-length": undefined, "accept-ranges": undefined },
    cutBytes: 1000,
  });
  t.match(await flow.get(path), { status: 200, body: "0-999", aborted: true });
});

const unjoinable: readonly (readonly [says: string, lie: Lie])[] = [
  ["a weak entity tag", lies.entityTag('W/"1"')],
  ["no validator", lies.withoutValidator],
];
for (const [says, lie] of unjoinable) {
  flowTest(
    `with ${says} nothing is joined: the request goes on as it came`,
    { script: () => lie },
    async (t, flow) => {
      const bypass = { "cache-status": 'mandoline; fwd=bypass; detail="no strong validator"' };
      t.match(await flow.get(path), { status: 200, body: "0-307199", fields: bypass, aborted: false });
      t.strictSame(flow.asked(), [probe, `GET ${path}`]);
      t.match(await flow.get(path, "140000-140009"), { status: 206, body: "140000-140009", fields: bypass });
      t.equal(flow.asked().at(-1), `GET ${path} 140000-140009`);
    },
  );
}

flowTest(
  "gzip welcome: a plain GET is the first lane, parallel ranges bring the rest",
  {},
  async (t, flow) => {
    const holding = latch();
    flow.origin.script = ({ range }) => (range ? {} : lies.stalledAfter(200_000, holding.opened));
    const answer = flow.get("/1MiB/a", undefined, { "accept-encoding": "gzip" });
    await flow.origin.asked(4);
    holding.open();
    t.strictSame(await answer, whole("/1MiB/a", 1024 * KiB, missWhole));
    const [first, ...rest] = flow.asked();
    t.equal(first, "GET /1MiB/a");
    t.ok(rest.length > 0 && rest.every((text) => text.endsWith("if-match")), rest.join());
  },
);

flowTest(
  "gzip welcome and sent: the coding is kept, and only for those who accept it",
  {},
  async (t, flow) => {
    flow.origin.script = ({ headers }) =>
      headers["accept-encoding"] === "gzip"
        ? { headers: { "content-encoding": "gzip", etag: '"coded"', vary: "Accept-Encoding" } }
        : { headers: { vary: "Accept-Encoding" } };
    const coded = { ...fieldsOf("/1000B/a"), etag: '"coded"', "content-encoding": "gzip" };
    const gzip = { "accept-encoding": "gzip" };
    t.match(await flow.get("/1000B/a", undefined, gzip), { fields: coded, body: "0-999" });
    t.match(await flow.get("/1000B/a", undefined, gzip), { fields: { ...coded, "cache-status": hit } });
    const identity = await flow.get("/1000B/a");
    t.equal(identity.fields["content-encoding"], undefined);
    t.match(identity, { status: 200, body: "0-999" });
  },
);

flowTest(
  "a content coding on the probe's 206 is kept apart from the bytes without it",
  {},
  async (t, flow) => {
    flow.origin.script = () => lies.contentCoding("br");
    t.match(await flow.get(path, "0-9"), { status: 206, body: "0-9", fields: { "content-encoding": "br" } });
  },
);

flowTest("a lane that nobody reads any more ends", {}, async (t, flow) => {
  const holding = latch();
  flow.origin.script = () => ({ ...lies.rangeIgnored, stall: { bytes: 100_000, until: holding.opened } });
  t.strictSame(await flow.get(path, "0-9"), part(path, 0, 9, length, missWhole));
  holding.open();
  const held = await until(flow.proxy.held, ({ pagesInUse }) => pagesInUse === 0);
  t.equal(held.pagesInUse, 0);
});
