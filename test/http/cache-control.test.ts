import t from "tap";
import { type CacheControl, parseCacheControl } from "../../src/http/cache-control.ts";

const NOTHING: CacheControl = {
  noStore: false,
  noCache: false,
  noCacheFields: [],
  isPrivate: false,
  privateFields: [],
  isPublic: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  noTransform: false,
  immutable: false,
  onlyIfCached: false,
};

const cases: readonly (readonly [
  name: string,
  values: readonly string[],
  expected: Partial<CacheControl>,
])[] = [
  ["no line", [], {}],
  ["an empty line", [""], {}],
  [
    "every directive without an argument",
    [
      "no-store, no-cache, private, public, must-revalidate, proxy-revalidate",
      "must-understand, no-transform, immutable, only-if-cached, max-stale",
    ],
    {
      noStore: true,
      noCache: true,
      isPrivate: true,
      isPublic: true,
      mustRevalidate: true,
      proxyRevalidate: true,
      mustUnderstand: true,
      noTransform: true,
      immutable: true,
      onlyIfCached: true,
      maxStaleS: Number.POSITIVE_INFINITY,
    },
  ],
  [
    "every directive with seconds",
    ["max-age=1, s-maxage=2, stale-while-revalidate=3, stale-if-error=4, max-stale=5, min-fresh=6"],
    { maxAgeS: 1, sMaxageS: 2, staleWhileRevalidateS: 3, staleIfErrorS: 4, maxStaleS: 5, minFreshS: 6 },
  ],
  ["names in another case", ["Max-Age=1, NO-STORE"], { maxAgeS: 1, noStore: true }],
  ["quoted seconds", ['max-age="60"'], { maxAgeS: 60 }],
  ["leading zeros", ["max-age=0060"], { maxAgeS: 60 }],
  ["unknown directives", ["x, community=UCI, x-max-age=5"], {}],
  ["a directive inside a quoted string", ['x="a, max-age=9", max-age=1'], { maxAgeS: 1 }],
  ["seconds of 2^31", ["max-age=2147483648"], { maxAgeS: 2147483648 }],
  ["seconds beyond 2^31, saturated", ["max-age=99999999999999999999"], { maxAgeS: 2147483648 }],
  ["max-age without a value, stale", ["max-age"], { maxAgeS: 0 }],
  ["max-age with an empty value, stale", ["max-age="], { maxAgeS: 0 }],
  ["a negative max-age, stale", ["max-age=-1"], { maxAgeS: 0 }],
  ["a max-age with a fraction, stale", ["max-age=1.5"], { maxAgeS: 0 }],
  ["a max-age in apostrophes, stale", ["max-age='60'"], { maxAgeS: 0 }],
  ["white space around the equals sign, stale", ["max-age = 60"], { maxAgeS: 0 }],
  ["an invalid s-maxage, stale", ["s-maxage=x, max-age=60"], { sMaxageS: 0, maxAgeS: 60 }],
  [
    "other seconds that are invalid, absent",
    ["stale-while-revalidate=x, stale-if-error, max-stale=x, min-fresh=-1"],
    {},
  ],
  ["the smallest of several max-age", ["max-age=60", "max-age=30, max-age=90"], { maxAgeS: 30 }],
  ["an invalid max-age among valid ones", ["max-age=60, max-age=x"], { maxAgeS: 0 }],
  ["the smallest of several max-stale", ["max-stale, max-stale=7"], { maxStaleS: 7 }],
  ["the greatest of several min-fresh", ["min-fresh=7, min-fresh=10"], { minFreshS: 10 }],
  [
    "no-cache and private with names",
    ['no-cache="A, b", private=C'],
    { noCacheFields: ["a", "b"], privateFields: ["c"] },
  ],
  ["no-cache with and without names", ['no-cache="a", no-cache'], { noCache: true, noCacheFields: ["a"] }],
  ["no-cache with an empty list of names", ['no-cache=""'], { noCache: true }],
  ["a flag with an argument", ["no-store=1"], { noStore: true }],
];
for (const [name, values, expected] of cases) {
  t.test(`parseCacheControl() of ${name} (${values.join(" | ")})`, async (t) => {
    t.strictSame(parseCacheControl(values), { ...NOTHING, ...expected });
  });
}
