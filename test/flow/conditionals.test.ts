// Preconditions against a fresh stored response (RFC 9110 §13): answered by us, the origin isn't asked.

import { type Flow, flowTest } from "./support/flow.ts";
import { fieldsOf, hit, miss, part, type Shown, whole } from "./support/shown.ts";

const path = "/1000B/a";
const length = 1000;
const tag = '"1000B/a"';
const modified = "Sun, 01 Mar 2026 08:00:00 GMT";
const earlier = "Sat, 28 Feb 2026 08:00:00 GMT";
const later = "Mon, 02 Mar 2026 08:00:00 GMT";

const { "content-type": _, "accept-ranges": __, ...fieldsOf304 } = fieldsOf(path);
const notModified: Shown = {
  status: 304,
  fields: { ...fieldsOf304, "cache-status": hit },
  body: "none",
  aborted: false,
};
const failed: Shown = {
  status: 412,
  fields: { "content-length": "0", via: "1.1 mandoline", "cache-status": hit },
  body: "none",
  aborted: false,
};
const all = whole(path, length, hit);
const some = part(path, 5, 9, length, hit);

const rows: readonly (readonly [headers: Readonly<Record<string, string>>, expected: Shown])[] = [
  [{ "if-none-match": tag }, notModified],
  [{ "if-none-match": `W/${tag}` }, notModified],
  [{ "if-none-match": `"b", ${tag}` }, notModified],
  [{ "if-none-match": "*" }, notModified],
  [{ "if-none-match": '"b"' }, all],
  [{ "if-none-match": tag, range: "bytes=5-9" }, notModified],
  [{ "if-modified-since": modified }, notModified],
  [{ "if-modified-since": later }, notModified],
  [{ "if-modified-since": earlier }, all],
  [{ "if-modified-since": "yesterday" }, all],
  [{ "if-none-match": '"b"', "if-modified-since": later }, all],
  [{ "if-match": tag }, all],
  [{ "if-match": "*" }, all],
  [{ "if-match": `W/${tag}` }, failed],
  [{ "if-match": '"b"' }, failed],
  [{ "if-match": '"b"', "if-none-match": tag }, failed],
  [{ "if-match": '"b"', range: "bytes=5-9" }, failed],
  [{ "if-match": tag, range: "bytes=5-9" }, some],
  [{ "if-unmodified-since": modified }, all],
  [{ "if-unmodified-since": earlier }, failed],
  [{ "if-match": tag, "if-unmodified-since": earlier }, all],
  [{ "if-range": tag, range: "bytes=5-9" }, some],
  [{ "if-range": `W/${tag}`, range: "bytes=5-9" }, all],
  [{ "if-range": '"b"', range: "bytes=5-9" }, all],
  [{ "if-range": modified, range: "bytes=5-9" }, some],
  [{ "if-range": later, range: "bytes=5-9" }, all],
  [{ "if-range": '"b"', range: "bytes=2000-" }, all],
  [{ "if-none-match": '"b"', range: "bytes=5-9" }, some],
];

const storeIt = async (flow: Flow) => {
  await flow.get(path);
  flow.asked();
};

for (const [headers, expected] of rows) {
  const said = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  flowTest(`fresh, ${said.join(" and ")} is answered ${expected.status} by us`, {}, async (t, flow) => {
    await storeIt(flow);
    t.strictSame(await flow.send(path, { headers }), expected);
    t.strictSame(flow.asked(), []);
  });
}

flowTest("HEAD with If-None-Match is answered 304 by us", {}, async (t, flow) => {
  await storeIt(flow);
  t.strictSame(await flow.send(path, { method: "HEAD", headers: { "if-none-match": tag } }), notModified);
  t.strictSame(flow.asked(), []);
});

flowTest(
  "cold, a precondition stays with us: the origin sends the bytes, the client gets 304",
  {},
  async (t, flow) => {
    const expected = { ...notModified, fields: { ...notModified.fields, "cache-status": miss } };
    t.strictSame(await flow.get(path, undefined, { "if-none-match": tag }), expected);
    t.strictSame(flow.asked(), [`GET ${path} 0-131071`]);
    t.strictSame(await flow.get(path), all);
    t.strictSame(flow.asked(), []);
  },
);

flowTest("cold, If-Range that doesn't hold gives the whole", {}, async (t, flow) => {
  t.strictSame(await flow.get(path, "5-9", { "if-range": '"b"' }), whole(path, length, miss));
  t.strictSame(flow.asked(), [`GET ${path} 0-65535`]);
});
