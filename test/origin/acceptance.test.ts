// The four checks: every head that an origin may send for a sub-request is a row, with the code it gets.

import t from "tap";
import { epochMs } from "../../src/base/units.ts";
import { conditionOf, contentCodingOf, refusalOfPart, refusalOfWhole } from "../../src/origin/acceptance.ts";
import type { OriginHead } from "../../src/origin/exchange.ts";
import { representationOf } from "../support/made-up.ts";

const representation = representationOf({ completeLength: 1000, sliceBytes: 100 });
const asked = { start: 100, end: 200 };
const now = epochMs(Date.UTC(2026, 2, 1, 8));

type Changes = Readonly<Record<string, string | undefined>>;

/** The head of an honest answer, with fields put over it; undefined takes one away. */
function headOf(status: number, changes: Changes = {}): OriginHead {
  const honest: Changes =
    status === 200
      ? { etag: '"v1"', "content-length": "1000" }
      : { etag: '"v1"', "content-range": "bytes 100-199/1000", "content-length": "100" };
  const fields = Object.entries({ ...honest, ...changes }).flatMap(([name, value]) =>
    value === undefined ? [] : [name, value],
  );
  return { status, fields, requestedAt: now, respondedAt: now, headMs: 1 };
}

const partRows: readonly [what: string, status: number, changes: Changes, code: string | undefined][] = [
  ["exactly what was asked", 206, {}, undefined],
  ["fields in any case", 206, { etag: undefined, ETAG: '"v1"' }, undefined],
  ["a coding that is identity", 206, { "content-encoding": "identity" }, undefined],
  ["another entity tag", 206, { etag: '"v2"' }, "ORIGIN_CHANGED"],
  ["the tag made weak", 206, { etag: 'W/"v1"' }, "ORIGIN_CHANGED"],
  ["no entity tag", 206, { etag: undefined }, "ORIGIN_CHANGED"],
  ["another coding", 206, { "content-encoding": "gzip" }, "ORIGIN_CHANGED"],
  ["another complete length", 206, { "content-range": "bytes 100-199/1001" }, "ORIGIN_CHANGED"],
  ["an unknown complete length", 206, { "content-range": "bytes 100-199/*" }, "ORIGIN_CHANGED"],
  ["an earlier start", 206, { "content-range": "bytes 99-199/1000" }, "ORIGIN_RANGE_WRONG"],
  ["a later start", 206, { "content-range": "bytes 101-199/1000" }, "ORIGIN_RANGE_WRONG"],
  ["an earlier end", 206, { "content-range": "bytes 100-198/1000" }, "ORIGIN_RANGE_WRONG"],
  ["a later end", 206, { "content-range": "bytes 100-200/1000" }, "ORIGIN_RANGE_WRONG"],
  ["a Content-Range of a 416", 206, { "content-range": "bytes */1000" }, "ORIGIN_RANGE_WRONG"],
  ["a malformed Content-Range", 206, { "content-range": "bytes 100-199" }, "ORIGIN_RANGE_WRONG"],
  ["no Content-Range, as multipart has none", 206, { "content-range": undefined }, "ORIGIN_RANGE_WRONG"],
  ["the whole of the same version", 200, {}, "ORIGIN_RANGE_WRONG"],
  ["the whole of another version", 200, { etag: '"v2"' }, "ORIGIN_CHANGED"],
  ["a failed precondition", 412, {}, "ORIGIN_CHANGED"],
  ["unsatisfiable: it got shorter", 416, { "content-range": "bytes */50" }, "ORIGIN_CHANGED"],
  ["not modified, which nobody asked", 304, {}, "ORIGIN_STATUS"],
  ["a redirect", 302, {}, "ORIGIN_STATUS"],
  ["gone", 404, {}, "ORIGIN_STATUS"],
  ["too many requests", 429, {}, "ORIGIN_STATUS"],
  ["a failure", 500, {}, "ORIGIN_STATUS"],
];

for (const [what, status, changes, code] of partRows) {
  t.test(`refusalOfPart() of ${status}: ${what} is ${code ?? "accepted"}`, async (t) => {
    t.equal(refusalOfPart(headOf(status, changes), representation, asked)?.code, code);
  });
}

t.test("refusalOfPart() says what was asked, expected and got", async (t) => {
  const refusal = refusalOfPart(headOf(206, { etag: '"v2"' }), representation, asked);
  t.match(refusal, {
    message: 'Fetching bytes 100-199: expected etag "v1", got "v2"',
    source: "origin",
    advice: { retry: false },
    facts: { expected: 'etag "v1"', got: '"v2"' },
  });
});

t.test("refusalOfPart() of an ignored range is marked, and not to be retried", async (t) => {
  const ignored = refusalOfPart(headOf(200), representation, asked);
  t.match(ignored, { advice: { retry: false }, facts: { ignored: true } });
  const other = refusalOfPart(headOf(206, { "content-range": "bytes 0-99/1000" }), representation, asked);
  t.strictSame(other?.advice, { retry: true });
  t.equal(other?.facts.ignored, undefined);
});

t.test("refusalOfPart() of a failure that may pass keeps what Retry-After says", async (t) => {
  const adviceOf = (status: number, changes: Changes = {}) =>
    refusalOfPart(headOf(status, changes), representation, asked)?.advice;
  t.strictSame(adviceOf(503), { retry: true });
  t.strictSame(adviceOf(503, { "retry-after": "7" }), { retry: true, afterMs: 7000 });
  t.strictSame(adviceOf(429, { "retry-after": "7" }), { retry: true, afterMs: 7000 });
  t.strictSame(adviceOf(404, { "retry-after": "7" }), { retry: false });
});

t.test("refusalOfPart() holds a Last-Modified by its text when it is the validator", async (t) => {
  const text = "Sun, 01 Mar 2026 07:00:00 GMT";
  const dated = representationOf({ completeLength: 1000, validator: { kind: "last-modified", text } });
  t.equal(refusalOfPart(headOf(206, { "last-modified": text }), dated, asked), undefined);
  t.equal(refusalOfPart(headOf(206), dated, asked)?.code, "ORIGIN_CHANGED");
});

t.test("refusalOfWhole() needs 200, validator, coding and Content-Length", async (t) => {
  const rows: readonly [what: string, status: number, changes: Changes, code: string | undefined][] = [
    ["the whole", 200, {}, undefined],
    ["another length", 200, { "content-length": "999" }, "ORIGIN_CHANGED"],
    ["no length", 200, { "content-length": undefined }, "ORIGIN_CHANGED"],
    ["another version", 200, { etag: '"v2"' }, "ORIGIN_CHANGED"],
    ["another coding", 200, { "content-encoding": "br" }, "ORIGIN_CHANGED"],
    ["a failed precondition", 412, {}, "ORIGIN_CHANGED"],
    ["a part nobody asked for", 206, {}, "ORIGIN_STATUS"],
    ["a failure", 503, {}, "ORIGIN_STATUS"],
  ];
  for (const [what, status, changes, code] of rows) {
    t.equal(refusalOfWhole(headOf(status, changes), representation)?.code, code, what);
  }
});

t.test(
  "conditionOf() asks by If-Match, or by If-Unmodified-Since where a date is the validator",
  async (t) => {
    t.strictSame(conditionOf({ kind: "entity-tag", text: '"v1"' }), ["If-Match", '"v1"']);
    const text = "Sun, 01 Mar 2026 07:00:00 GMT";
    t.strictSame(conditionOf({ kind: "last-modified", text }), ["If-Unmodified-Since", text]);
  },
);

t.test("contentCodingOf() is identity without a Content-Encoding, and lower case", async (t) => {
  t.equal(contentCodingOf([]), "identity");
  t.equal(contentCodingOf(["Content-Encoding", ""]), "identity");
  t.equal(contentCodingOf(["Content-Encoding", "GZip"]), "gzip");
});
