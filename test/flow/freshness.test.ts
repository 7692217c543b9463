// How long an answer is used again, and what is asked after that: an Age from the origin stands for time that passed.

import * as lies from "../support/lies.ts";
import type { Lie } from "../support/origin.ts";
import { type Flow, flowTest, KiB } from "./support/flow.ts";
import { hit, part, whole } from "./support/shown.ts";

const path = "/1000B/a";
const probe = `GET ${path} 0-131071`;
const revalidation = `${probe} if-none-match`;
const hour = 3600 * 1000;

const said = (headers: Readonly<Record<string, string | undefined>>): Lie => ({ headers });

interface Row {
  readonly says: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly cacheTtlMs?: number;
  /** What a second request asks the origin, if anything. */
  readonly asked: readonly string[];
}

const dated = (offsetMs: number) => new Date(Date.parse("2026-11-01T00:00:00Z") + offsetMs).toUTCString();

const rows: readonly Row[] = [
  { says: "max-age that is left", headers: { "cache-control": "max-age=60" }, asked: [] },
  { says: "max-age used up", headers: { "cache-control": "max-age=60", age: "60" }, asked: [revalidation] },
  { says: "max-age=0", headers: { "cache-control": "max-age=0" }, asked: [revalidation] },
  { says: "s-maxage over max-age", headers: { "cache-control": "max-age=0, s-maxage=60" }, asked: [] },
  {
    says: "s-maxage used up",
    headers: { "cache-control": "max-age=60, s-maxage=5", age: "6" },
    asked: [revalidation],
  },
  { says: "no-cache", headers: { "cache-control": "no-cache" }, asked: [revalidation] },
  { says: "nothing, with cache_ttl 1h", headers: { "cache-control": undefined }, asked: [] },
  {
    says: "nothing, with cache_ttl 0",
    headers: { "cache-control": undefined },
    cacheTtlMs: 0,
    asked: [revalidation],
  },
  {
    says: "nothing, with cache_ttl used up",
    headers: { "cache-control": undefined, age: "3600" },
    cacheTtlMs: hour,
    asked: [revalidation],
  },
  {
    says: "max-age, whatever cache_ttl",
    headers: { "cache-control": "max-age=60" },
    cacheTtlMs: 0,
    asked: [],
  },
  {
    says: "Expires in the past",
    headers: { "cache-control": undefined, expires: "0" },
    asked: [revalidation],
  },
  {
    says: "Expires after a Date long ago",
    headers: { "cache-control": undefined, date: dated(0), expires: dated(60_000) },
    asked: [revalidation],
  },
  { says: "no-store", headers: { "cache-control": "no-store" }, asked: [probe] },
  { says: "private", headers: { "cache-control": "private" }, asked: [probe] },
  { says: "private, max-age", headers: { "cache-control": "private, max-age=60" }, asked: [probe] },
  { says: "a cookie", headers: { "cache-control": "max-age=60", "set-cookie": "a=b" }, asked: [probe] },
  { says: "Vary: *", headers: { "cache-control": "max-age=60", vary: "*" }, asked: [probe] },
];
for (const { says, headers, cacheTtlMs = hour, asked } of rows) {
  const what = asked.length === 0 ? "is used again" : asked[0] === probe ? "is not kept" : "is validated";
  flowTest(
    `an answer that says ${says} ${what}`,
    { config: { cacheTtlMs }, script: () => said(headers) },
    async (t, flow) => {
      t.match(await flow.get(path), { status: 200, body: "0-999", aborted: false });
      t.strictSame(flow.asked(), [probe]);
      t.match(await flow.get(path), { status: 200, body: "0-999", aborted: false });
      t.strictSame(flow.asked(), asked);
    },
  );
}

flowTest("304 freshens: the origin sends no byte, and the new lifetime counts", {}, async (t, flow) => {
  flow.origin.script = () => said({ "cache-control": "max-age=60", age: "60", "x-version": "1" });
  await flow.get("/300KiB/a");
  flow.asked();
  const before = flow.origin.bodyBytes();
  flow.origin.script = () => said({ "cache-control": "max-age=600", "x-version": "2" });
  const { fields, ...rest } = whole("/300KiB/a", 300 * KiB, "");
  const freshened = { "cache-control": "max-age=600", "x-version": "2" };
  const revalidated = "mandoline; fwd=stale; fwd-status=304; stored";
  t.strictSame(await flow.get("/300KiB/a"), {
    ...rest,
    fields: { ...fields, ...freshened, "cache-status": revalidated },
  });
  t.strictSame(flow.asked(), ["GET /300KiB/a 0-131071 if-none-match"]);
  t.strictSame(await flow.get("/300KiB/a"), {
    ...rest,
    fields: { ...fields, ...freshened, "cache-status": hit },
  });
  t.strictSame(flow.asked(), []);
  t.equal(flow.origin.bodyBytes(), before);
});

/** Stores `path`, stale at once. */
async function storeStale(flow: Flow): Promise<void> {
  flow.origin.script = () => said({ "cache-control": "max-age=0" });
  await flow.get(path);
  flow.asked();
  flow.origin.script = () => lies.honest;
}

flowTest(
  "stale, and changed at the origin: the new version comes in the answer to the validation",
  {},
  async (t, flow) => {
    await storeStale(flow);
    const entityTag = '"new"';
    flow.origin.representations.set(path, { name: "/other", completeLength: 2000, entityTag });
    t.match(await flow.send(path, {}, "/other"), {
      status: 200,
      body: "0-1999",
      fields: { etag: entityTag },
    });
    t.strictSame(flow.asked(), [revalidation]);
  },
);

flowTest("stale, and shorter at the origin than the range: 416 by its new length", {}, async (t, flow) => {
  flow.origin.script = () => said({ "cache-control": "max-age=0" });
  await flow.get("/300KiB/a", "300000-");
  flow.asked();
  flow.origin.representations.set("/300KiB/a", { name: "/short", completeLength: 100, entityTag: '"short"' });
  t.match(await flow.get("/300KiB/a", "300000-"), {
    status: 416,
    fields: { "content-range": "bytes */100" },
  });
  t.match(await flow.send("/300KiB/a", {}, "/short"), { status: 200, body: "0-99" });
});

flowTest("stale, and gone at the origin: its 404 is relayed", {}, async (t, flow) => {
  await storeStale(flow);
  flow.origin.script = () => lies.status(404);
  t.match(await flow.get(path), { status: 404, body: "none" });
  t.strictSame(flow.asked(), [revalidation]);
});

flowTest("a client's own precondition and a validation don't mix", {}, async (t, flow) => {
  await storeStale(flow);
  t.match(await flow.get(path, undefined, { "if-none-match": '"b"' }), { status: 200, body: "0-999" });
  t.strictSame(flow.asked(), [revalidation]);
});

flowTest("Age counts what the origin said", { script: () => said({ age: "100" }) }, async (t, flow) => {
  const age = async () => Number((await fetch(flow.url + path)).headers.get("age"));
  const first = await age();
  const second = await age();
  t.ok(first >= 100 && first <= 102 && second >= first && second <= 103, `${first}, ${second}`);
});

flowTest("Vary keeps answers apart by the fields it names", {}, async (t, flow) => {
  flow.origin.script = ({ headers }) =>
    said({ vary: "X-Kind", etag: `"${headers["x-kind"] ?? "none"}"`, "cache-control": "max-age=60" });
  const kind = (value: string) => flow.get(path, undefined, { "x-kind": value });
  t.match(await kind("a"), { status: 200, body: "0-999", fields: { etag: '"a"' } });
  t.match(await kind("a"), { fields: { etag: '"a"', "cache-status": hit } });
  t.match(await kind("b"), {
    fields: { etag: '"b"', "cache-status": "mandoline; fwd=vary-miss; fwd-status=206; stored" },
  });
  t.match(await kind("b"), { fields: { etag: '"b"', "cache-status": hit } });
  t.strictSame(flow.asked(), [probe, probe]);
});

flowTest("a query is part of what names a response; the host too", {}, async (t, flow) => {
  await flow.get(path);
  await flow.get(`${path}?b`);
  await flow.get(path, undefined, { host: "other.example" });
  t.strictSame(flow.asked(), [probe, `GET ${path}?b 0-131071`, probe]);
});

flowTest(
  "private and no-store are fetched in slices all the same, for their request alone",
  {},
  async (t, flow) => {
    flow.origin.script = () => said({ "cache-control": "private" });
    const slices = ["0-131071", "131072-262143 if-match", "262144-307199 if-match"];
    const { fields, ...rest } = whole(
      "/300KiB/a",
      300 * KiB,
      "mandoline; fwd=uri-miss; fwd-status=206; stored=?0",
    );
    const expected = { ...rest, fields: { ...fields, "cache-control": "private" } };
    for (let round = 0; round < 2; round += 1) {
      t.strictSame(await flow.get("/300KiB/a"), expected);
      t.strictSame(
        flow.asked(),
        slices.map((range) => `GET /300KiB/a ${range}`),
      );
    }
  },
);

flowTest("enable_cache: false keeps nothing", { config: { enableCache: false } }, async (t, flow) => {
  const uncached = "mandoline; fwd=uri-miss; fwd-status=206; stored=?0";
  for (let round = 0; round < 2; round += 1) {
    t.strictSame(await flow.get(path, "0-9"), part(path, 0, 9, 1000, uncached));
    t.strictSame(flow.asked(), [`GET ${path} 0-65535`]);
  }
});
