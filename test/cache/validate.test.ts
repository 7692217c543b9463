import t from "tap";
import { epochMs } from "../../src/base/units.ts";
import { freshened, validationFields } from "../../src/cache/validate.ts";
import type { Exchange } from "../../src/origin/exchange.ts";
import { representationOf, storedResponseOf } from "../support/made-up.ts";

const requestedAt = epochMs(Date.UTC(2026, 2, 1, 9));
const respondedAt = epochMs(requestedAt + 500);
const stale = storedResponseOf({
  fields: [
    "ETag",
    '"v1"',
    "Content-Type",
    "text/plain",
    "Cache-Control",
    "max-age=1",
    "X-Own",
    "old",
    "X-Kept",
    "1",
  ],
  lifetimeMs: 1000,
});

function answered(...fields: string[]): Exchange {
  return { head: { status: 304, fields, requestedAt, respondedAt, headMs: 500 } } as unknown as Exchange;
}

t.test("validationFields() asks by the validator that names the representation", async (t) => {
  t.strictSame(validationFields(stale), ["If-None-Match", '"v1"']);
  const text = "Sun, 01 Mar 2026 07:00:00 GMT";
  const dated = representationOf({ validator: { kind: "last-modified", text } });
  t.strictSame(validationFields({ ...stale, representation: dated }), ["If-Modified-Since", text]);
});

t.test("freshened() takes the 304's fields in place of the stored ones, and counts from it on", async (t) => {
  const update = [
    "Cache-Control",
    "max-age=60",
    "x-own",
    "new",
    "Age",
    "10",
    "Connection",
    "X-Hop",
    "X-Hop",
    "1",
  ];
  t.strictSame(freshened(stale, answered(...update), 3_600_000), {
    ...stale,
    fields: [
      "ETag",
      '"v1"',
      "Content-Type",
      "text/plain",
      "X-Kept",
      "1",
      "Cache-Control",
      "max-age=60",
      "x-own",
      "new",
    ],
    respondedAt,
    initialAgeMs: 10_500,
    lifetimeMs: 60_000,
  });
});

t.test("freshened() leaves what describes the content, whatever the 304 says of it", async (t) => {
  const names = ["ETag", "Content-Type", "Content-Encoding", "Content-Length", "Content-Range", "Age"];
  const update = names.flatMap((name) => [name, "other"]);
  t.strictSame(freshened(stale, answered(...update), 3_600_000).fields, stale.fields);
});

t.test("freshened() by a 304 that says nothing keeps the stored lifetime rules", async (t) => {
  t.equal(freshened(stale, answered(), 3_600_000).lifetimeMs, 1000);
  const silent = { ...stale, fields: ["ETag", '"v1"'] };
  t.equal(freshened(silent, answered(), 3_600_000).lifetimeMs, 3_600_000);
});
