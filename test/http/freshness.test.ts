import t from "tap";
import { type EpochMs, epochMs } from "../../src/base/units.ts";
import { freshnessLifetimeMs, initialAgeMs } from "../../src/http/freshness.ts";
import { formatHttpDate } from "../../src/http/http-date.ts";

const now: EpochMs = epochMs(Date.parse("2026-11-15T12:00:00Z"));
const later = (seconds: number): EpochMs => epochMs(now + seconds * 1000);
const date = (seconds: number): string => formatHttpDate(later(seconds));
const CONFIGURED_MS = 3_600_000;

const lifetimes: readonly (readonly [name: string, fields: readonly string[], expectedMs: number])[] = [
  ["nothing, as configured", [], CONFIGURED_MS],
  ["Cache-Control without a lifetime, as configured", ["cache-control", "public"], CONFIGURED_MS],
  [
    "s-maxage before max-age and Expires",
    ["cache-control", "max-age=1, s-maxage=2", "expires", date(9)],
    2000,
  ],
  ["max-age before Expires", ["cache-control", "max-age=1", "expires", date(9)], 1000],
  ["max-age=0", ["cache-control", "max-age=0"], 0],
  ["an invalid s-maxage before a good max-age", ["cache-control", "max-age=1, s-maxage=x"], 0],
  ["max-age on the second line", ["cache-control", "public", "Cache-Control", "max-age=5"], 5000],
  ["Expires less Date", ["date", date(-60), "expires", date(10)], 70_000],
  ["Expires less now, Date missing", ["expires", date(10)], 10_000],
  ["Expires less now, Date malformed", ["date", "yesterday", "expires", date(10)], 10_000],
  ["Expires equal to Date", ["date", date(0), "expires", date(0)], 0],
  ["Expires before Date", ["date", date(0), "expires", date(-1)], 0],
  ["Expires: 0", ["date", date(0), "expires", "0"], 0],
  ["two Expires", ["date", date(0), "expires", date(5), "expires", date(9)], 0],
  ["no-cache", ["cache-control", "no-cache, max-age=60"], 0],
  ["no-cache with names", ["cache-control", 'no-cache="x", max-age=60'], 0],
];
for (const [name, fields, expectedMs] of lifetimes) {
  t.test(`freshnessLifetimeMs() of ${name}`, async (t) => {
    t.equal(freshnessLifetimeMs(fields, CONFIGURED_MS, now), expectedMs);
  });
}

t.test("freshnessLifetimeMs() without now needs Date beside Expires", async (t) => {
  t.equal(freshnessLifetimeMs(["date", date(0), "expires", date(10)], CONFIGURED_MS), 10_000);
  t.equal(freshnessLifetimeMs(["expires", date(10)], CONFIGURED_MS), 0);
});

type Ages = readonly [
  name: string,
  fields: readonly string[],
  requestedS: number,
  respondedS: number,
  expectedMs: number,
];
const ages: readonly Ages[] = [
  ["nothing, answered at once", [], 0, 0, 0],
  ["nothing, the delay only", [], -2, 0, 2000],
  ["Date, apparent age", ["date", date(-10)], 0, 0, 10_000],
  ["Age, with the delay added", ["age", "10"], -2, 0, 12_000],
  ["Age above Date", ["age", "30", "date", date(-10)], -2, 0, 32_000],
  ["Date above Age", ["age", "5", "date", date(-10)], -2, 0, 10_000],
  ["Date in the future", ["date", date(10)], 0, 0, 0],
  ["a clock that stepped back in mid-request", [], 5, 0, 0],
  ["Age beyond 2^31", ["age", "99999999999"], 0, 0, 2_147_483_648_000],
  ["a negative Age, ignored", ["age", "-5"], 0, 0, 0],
  ["Age with a fraction, ignored", ["age", "5.5"], 0, 0, 0],
  ["several Age members, the first", ["age", "7, 9", "age", "11"], 0, 0, 7000],
  ["a malformed Date", ["date", "yesterday"], 0, 0, 0],
];
for (const [name, fields, requestedS, respondedS, expectedMs] of ages) {
  t.test(`initialAgeMs() of ${name}`, async (t) => {
    t.equal(
      initialAgeMs({ fields, requestedAt: later(requestedS), respondedAt: later(respondedS) }),
      expectedMs,
    );
  });
}
