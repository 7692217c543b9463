// From request, stored response and time to status, head and bytes: one row for each way that it can go.

import t from "tap";
import { epochMs } from "../../src/base/units.ts";
import { planResponse, type ResponsePlan, unsatisfiable } from "../../src/cache/plan.ts";
import type { ClientRequest } from "../../src/cache/request.ts";
import { parseRange } from "../../src/http/range-header.ts";
import type { StoredResponse } from "../../src/slice/stored-response.ts";
import { representationOf, storedResponseOf } from "../support/made-up.ts";

const modified = "Sun, 01 Mar 2026 06:00:00 GMT";
const storedFields = ["ETag", '"v1"', "Last-Modified", modified, "Content-Type", "text/plain", "X-Own", "1"];
const respondedAt = epochMs(Date.UTC(2026, 2, 1, 8));
const now = epochMs(respondedAt + 2999);
const stored = storedResponseOf({
  representation: representationOf({ completeLength: 1000 }),
  fields: storedFields,
  respondedAt,
  initialAgeMs: 5000,
});
const age = ["Age", "7", "Via", "1.1 mandoline"];
const head = [...storedFields, "Accept-Ranges", "bytes", ...age];

function planned(method: string, fields: readonly string[], of: StoredResponse = stored): ResponsePlan {
  const request: ClientRequest = { method, target: "/a", scheme: "http", host: "example.com", fields };
  const rangeText = fields[fields.indexOf("Range") + 1];
  const parsed = parseRange(fields.includes("Range") && method === "GET" ? rangeText : undefined);
  return planResponse(request, parsed.kind === "bytes" ? parsed.specs[0] : undefined, of, now);
}

const whole: ResponsePlan = {
  status: 200,
  fields: [...head, "Content-Length", "1000"],
  body: { start: 0, end: 1000 },
};

function part(start: number, end: number): ResponsePlan {
  const range = ["Content-Range", `bytes ${start}-${end - 1}/1000`, "Content-Length", String(end - start)];
  return { status: 206, fields: [...head, ...range], body: { start, end } };
}

const notModified: ResponsePlan = {
  status: 304,
  fields: ["ETag", '"v1"', "Last-Modified", modified, "X-Own", "1", ...age],
  body: undefined,
};
const failed: ResponsePlan = { status: 412, fields: [...age, "Content-Length", "0"], body: undefined };
const outside: ResponsePlan = {
  status: 416,
  fields: [...age, "Content-Range", "bytes */1000", "Content-Length", "0"],
  body: undefined,
};

const rows: readonly [what: string, fields: readonly string[], plan: ResponsePlan][] = [
  ["no Range", [], whole],
  ["first byte", ["Range", "bytes=0-0"], part(0, 1)],
  ["last byte", ["Range", "bytes=999-999"], part(999, 1000)],
  ["open range", ["Range", "bytes=500-"], part(500, 1000)],
  ["end past the end", ["Range", "bytes=500-5000"], part(500, 1000)],
  ["whole by range", ["Range", "bytes=0-999"], part(0, 1000)],
  ["suffix", ["Range", "bytes=-10"], part(990, 1000)],
  ["suffix longer than the representation", ["Range", "bytes=-9999"], part(0, 1000)],
  ["start at the end", ["Range", "bytes=1000-"], outside],
  ["empty suffix", ["Range", "bytes=-0"], outside],
  ["malformed range", ["Range", "bytes=9-1"], whole],
  ["If-None-Match that matches", ["If-None-Match", '"v1"'], notModified],
  ["If-None-Match that matches weakly", ["If-None-Match", 'W/"v1"'], notModified],
  ["If-None-Match that matches, with a Range", ["If-None-Match", '"v1"', "Range", "bytes=0-0"], notModified],
  ["If-None-Match of another", ["If-None-Match", '"v2"', "Range", "bytes=0-0"], part(0, 1)],
  ["If-Match that matches", ["If-Match", '"v1"'], whole],
  ["If-Match of another", ["If-Match", '"v2"', "Range", "bytes=0-0"], failed],
  ["If-Modified-Since its date", ["If-Modified-Since", modified], notModified],
  ["If-Modified-Since earlier", ["If-Modified-Since", "Sun, 01 Mar 2026 05:59:59 GMT"], whole],
  ["If-Unmodified-Since its date", ["If-Unmodified-Since", modified], whole],
  ["If-Unmodified-Since earlier", ["If-Unmodified-Since", "Sun, 01 Mar 2026 05:59:59 GMT"], failed],
  ["If-Range that matches", ["If-Range", '"v1"', "Range", "bytes=0-0"], part(0, 1)],
  ["If-Range of another", ["If-Range", '"v2"', "Range", "bytes=0-0"], whole],
  ["If-Range by a weak tag", ["If-Range", 'W/"v1"', "Range", "bytes=0-0"], whole],
  ["If-Range that fails, Range outside", ["If-Range", '"v2"', "Range", "bytes=1000-"], whole],
];

for (const [what, fields, plan] of rows) {
  t.test(`planResponse() of a GET with ${what} is ${plan.status}`, async (t) => {
    t.strictSame(planned("GET", fields), plan);
  });
}

t.test("planResponse() of a HEAD has the head of the GET and no body, whatever its Range", async (t) => {
  t.strictSame(planned("HEAD", []), { ...whole, body: undefined });
  t.strictSame(planned("HEAD", ["Range", "bytes=0-0"]), { ...whole, body: undefined });
  t.strictSame(planned("HEAD", ["If-None-Match", '"v1"']), notModified);
});

t.test(
  "planResponse() of a representation without bytes: 200 without a body, 416 for any range",
  async (t) => {
    const empty = { ...stored, representation: representationOf({ completeLength: 0 }) };
    t.strictSame(planned("GET", [], empty), {
      status: 200,
      fields: [...head, "Content-Length", "0"],
      body: undefined,
    });
    const range = ["Content-Range", "bytes */0", "Content-Length", "0"];
    t.strictSame(planned("GET", ["Range", "bytes=0-"], empty), {
      status: 416,
      fields: [...age, ...range],
      body: undefined,
    });
  },
);

t.test("planResponse(): a date holds If-Range from 60 s before the origin's Date on", async (t) => {
  const fields = ["If-Range", modified, "Range", "bytes=0-0"];
  const statusAt = (...date: readonly string[]) =>
    planned("GET", fields, { ...stored, fields: ["Last-Modified", modified, ...date] }).status;
  t.equal(statusAt("Date", "Sun, 01 Mar 2026 06:01:00 GMT"), 206);
  t.equal(statusAt("Date", "Sun, 01 Mar 2026 06:00:59 GMT"), 200);
  t.equal(statusAt(), 200, "without a Date never");
});

t.test("unsatisfiable() says the length that the client should have stayed below", async (t) => {
  t.strictSame(unsatisfiable(1000, age), outside);
});
