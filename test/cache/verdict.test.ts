// What a probe's answer means: every odd head that an origin may send is a row.

import t from "tap";
import { epochMs } from "../../src/base/units.ts";
import { judge, type Probed, strongValidatorOf, type Verdict } from "../../src/cache/verdict.ts";
import type { OriginHead } from "../../src/origin/exchange.ts";

const now = epochMs(Date.UTC(2026, 2, 1, 8));
const asked = { start: 0, end: 100 };

type Changes = Readonly<Record<string, string | undefined>>;

/** An honest head, with fields put over it; undefined takes one away. */
function headOf(status: number, changes: Changes = {}): OriginHead {
  const described: Changes = { etag: '"v1"', date: "Sun, 01 Mar 2026 08:00:00 GMT" };
  const sized: Changes =
    status === 206 ? { "content-range": "bytes 0-99/1000" } : { "content-length": "1000" };
  const fields = Object.entries({ ...described, ...sized, ...changes }).flatMap(([name, value]) =>
    value === undefined ? [] : [name, value],
  );
  return { status, fields, requestedAt: now, respondedAt: now, headMs: 1 };
}

function verdict(head: OriginHead, more: Partial<Probed> = {}): Verdict {
  return judge({
    cacheKey: "http://example.com/a",
    fields: [],
    asked,
    head,
    sliceBytes: 100,
    cacheTtlMs: 60_000,
    enableCache: true,
    ...more,
  });
}

/** A verdict in a few words. */
function shown(one: Verdict): string {
  if (one.kind === "unusable") return `unusable: ${one.why}`;
  if (one.kind === "unsatisfiable") return `unsatisfiable of ${one.completeLength}`;
  if (one.kind !== "sliced") return one.kind;
  const { part, stores, stored } = one;
  const ranges = stored.rangesWork ? "ranges" : "no ranges";
  return `sliced ${part.start}-${part.end}/${stored.representation.completeLength}, ${ranges}${stores ? ", stored" : ""}`;
}

const partRows: readonly [what: string, status: number, changes: Changes, expected: string][] = [
  ["exactly what was asked", 206, {}, "sliced 0-100/1000, ranges, stored"],
  [
    "its end, shorter than asked",
    206,
    { "content-range": "bytes 0-39/40" },
    "sliced 0-40/40, ranges, stored",
  ],
  ["private", 206, { "cache-control": "private" }, "sliced 0-100/1000, ranges"],
  ["no-store", 206, { "cache-control": "no-store" }, "sliced 0-100/1000, ranges"],
  ["a cookie", 206, { "set-cookie": "a=b" }, "sliced 0-100/1000, ranges"],
  ["Vary: *", 206, { vary: "*" }, "sliced 0-100/1000, ranges"],
  [
    "no-cache: stored, never fresh",
    206,
    { "cache-control": "no-cache" },
    "sliced 0-100/1000, ranges, stored",
  ],
  ["a weak tag", 206, { etag: 'W/"v1"' }, "unusable: no strong validator"],
  ["no validator", 206, { etag: undefined }, "unusable: no strong validator"],
  [
    "another start",
    206,
    { "content-range": "bytes 1-99/1000" },
    "unusable: bytes 0-99 asked, got bytes 1-99/1000",
  ],
  [
    "an earlier end",
    206,
    { "content-range": "bytes 0-98/1000" },
    "unusable: bytes 0-99 asked, got bytes 0-98/1000",
  ],
  [
    "a later end",
    206,
    { "content-range": "bytes 0-100/1000" },
    "unusable: bytes 0-99 asked, got bytes 0-100/1000",
  ],
  [
    "no complete length",
    206,
    { "content-range": "bytes 0-99/*" },
    "unusable: a 206 with Content-Range bytes 0-99/*",
  ],
  [
    "a malformed Content-Range",
    206,
    { "content-range": "bytes 0-99" },
    "unusable: a 206 with Content-Range bytes 0-99",
  ],
  ["none, as multipart has", 206, { "content-range": undefined }, "unusable: a 206 with Content-Range none"],
  ["416 with the length", 416, { "content-range": "bytes */7" }, "unsatisfiable of 7"],
  ["416 of nothing", 416, { "content-range": "bytes */0" }, "unsatisfiable of 0"],
  ["416 without", 416, {}, "unusable: a 416 without the complete length"],
  ["304", 304, {}, "not-modified"],
  ["the whole", 200, {}, "sliced 0-1000/1000, no ranges, stored"],
  [
    "the whole from one who knows ranges",
    200,
    { "accept-ranges": "bytes" },
    "sliced 0-1000/1000, no ranges, stored",
  ],
  ["the whole, not to be stored", 200, { "cache-control": "no-store" }, "relay"],
  ["a representation without bytes", 200, { "content-length": "0" }, "sliced 0-0/0, no ranges, stored"],
];

for (const [what, status, changes, expected] of partRows) {
  t.test(`judge() of a ranged probe's ${status}, ${what}: ${expected}`, async (t) => {
    t.equal(shown(verdict(headOf(status, changes))), expected);
  });
}

const wholeRows: readonly [what: string, status: number, changes: Changes, expected: string][] = [
  ["ranges known", 200, { "accept-ranges": "bytes" }, "sliced 0-1000/1000, ranges, stored"],
  ["ranges in capitals", 200, { "accept-ranges": "Bytes" }, "sliced 0-1000/1000, ranges, stored"],
  ["ranges unknown", 200, {}, "sliced 0-1000/1000, no ranges, stored"],
  ["ranges refused", 200, { "accept-ranges": "none" }, "sliced 0-1000/1000, no ranges, stored"],
  [
    "private, ranges known",
    200,
    { "accept-ranges": "bytes", "cache-control": "private" },
    "sliced 0-1000/1000, ranges",
  ],
  ["private, ranges unknown", 200, { "cache-control": "private" }, "relay"],
  ["no length", 200, { "content-length": undefined }, "relay"],
  ["chunked", 200, { "transfer-encoding": "chunked" }, "relay"],
  ["a length that is no number", 200, { "content-length": "1e3" }, "relay"],
  ["a length beyond reason", 200, { "content-length": "1".repeat(16) }, "relay"],
  ["no strong validator", 200, { etag: 'W/"v1"' }, "relay"],
  ["a part nobody asked for", 206, {}, "relay"],
  ["416 nobody asked for", 416, { "content-range": "bytes */7" }, "relay"],
  ["a redirect", 302, {}, "relay"],
  ["not found", 404, {}, "relay"],
  ["a failure", 503, {}, "relay"],
  ["no content", 204, {}, "relay"],
  ["not modified", 304, {}, "not-modified"],
];

for (const [what, status, changes, expected] of wholeRows) {
  t.test(`judge() of a plain probe's ${status}, ${what}: ${expected}`, async (t) => {
    t.equal(shown(verdict(headOf(status, changes), { asked: undefined })), expected);
  });
}

t.test("judge() of two lengths that differ relays", async (t) => {
  const head = headOf(200);
  const twice = { ...head, fields: [...head.fields, "Content-Length", "1001"] };
  t.equal(shown(verdict(twice, { asked: undefined })), "relay");
});

t.test("judge() stores nothing where the cache is off, or the request says so", async (t) => {
  t.equal(shown(verdict(headOf(206), { enableCache: false })), "sliced 0-100/1000, ranges");
  t.equal(
    shown(verdict(headOf(206), { fields: ["Cache-Control", "no-store"] })),
    "sliced 0-100/1000, ranges",
  );
  const authorized = { fields: ["Authorization", "Basic abc"] };
  t.equal(shown(verdict(headOf(206), authorized)), "sliced 0-100/1000, ranges");
  const open = headOf(206, { "cache-control": "public" });
  t.equal(shown(verdict(open, authorized)), "sliced 0-100/1000, ranges, stored");
});

t.test("judge() describes the whole: nothing of the part, the connection or the answer's own", async (t) => {
  const head = headOf(206, {
    "content-type": "text/plain",
    "content-length": "100",
    "content-digest": "sha-256=:x:",
    "content-md5": "x",
    "accept-ranges": "bytes",
    age: "10",
    "cache-status": "other; hit",
    connection: "x-hop",
    "x-hop": "1",
    "content-encoding": "GZIP",
    vary: "Accept-Language",
    "cache-control": "max-age=30",
  });
  const one = verdict(head, { fields: ["Accept-Language", "de"] });
  t.match(one, {
    stored: {
      representation: {
        cacheKey: "http://example.com/a",
        validator: { kind: "entity-tag", text: '"v1"' },
        contentCoding: "gzip",
        completeLength: 1000,
        sliceBytes: 100,
      },
      varyNames: ["accept-language"],
      respondedAt: now,
      initialAgeMs: 10_000,
      lifetimeMs: 30_000,
      rangesWork: true,
    },
  });
  if (one.kind !== "sliced") return;
  const { fields, representation } = one.stored;
  const names = fields.filter((_, at) => at % 2 === 0);
  t.strictSame(names, ["etag", "date", "content-type", "content-encoding", "vary", "cache-control"]);
  const other = verdict(head, { fields: ["Accept-Language", "fr"] });
  t.not(other.kind === "sliced" && other.stored.representation.variant, representation.variant);
});

t.test("strongValidatorOf(): a strong tag, else a Last-Modified 60 s before the Date", async (t) => {
  const rows: readonly [changes: Changes, expected: object | undefined][] = [
    [{}, { kind: "entity-tag", text: '"v1"' }],
    [{ etag: `"${"e".repeat(4000)}"` }, { kind: "entity-tag", text: `"${"e".repeat(4000)}"` }],
    [{ etag: 'W/"v1"', "last-modified": "Sun, 01 Mar 2026 06:00:00 GMT" }, undefined],
    [{ etag: "v1" }, undefined],
    [
      { etag: undefined, "last-modified": "Sun, 01 Mar 2026 07:59:00 GMT" },
      { kind: "last-modified", text: "Sun, 01 Mar 2026 07:59:00 GMT" },
    ],
    [{ etag: undefined, "last-modified": "Sun, 01 Mar 2026 07:59:01 GMT" }, undefined],
    [{ etag: undefined, "last-modified": "Sun, 01 Mar 2026 07:00:00 GMT", date: undefined }, undefined],
    [{ etag: undefined, "last-modified": "yesterday" }, undefined],
    [{ etag: undefined }, undefined],
  ];
  for (const [changes, expected] of rows) {
    t.strictSame(strongValidatorOf(headOf(200, changes)), expected, JSON.stringify(changes).slice(0, 90));
  }
});
