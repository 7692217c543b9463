import t from "tap";
import { type CacheStatus, formatCacheStatus } from "../../src/http/cache-status.ts";

const cases: readonly (readonly [name: string, status: CacheStatus, expected: string])[] = [
  ["a hit", { hit: true }, "mandoline; hit"],
  [
    "a hit with all it can say",
    { hit: true, ttlS: 30, detail: "memory" },
    'mandoline; hit; ttl=30; detail="memory"',
  ],
  ["a stale hit", { hit: true, ttlS: -5 }, "mandoline; hit; ttl=-5"],
  ["a part of a second, rounded down", { hit: true, ttlS: 0.9 }, "mandoline; hit; ttl=0"],
  ["a part of a second past, rounded down", { hit: true, ttlS: -0.1 }, "mandoline; hit; ttl=-1"],
  ["a miss", { hit: false, fwd: "uri-miss" }, "mandoline; fwd=uri-miss"],
  [
    "a forward with all it can say",
    { hit: false, fwd: "stale", fwdStatus: 304, stored: true, collapsed: true, ttlS: 60, detail: "x" },
    'mandoline; fwd=stale; fwd-status=304; stored; collapsed; ttl=60; detail="x"',
  ],
  [
    "booleans that are false",
    { hit: false, fwd: "partial", stored: false, collapsed: false },
    "mandoline; fwd=partial; stored=?0; collapsed=?0",
  ],
  ["quotes and backslashes", { hit: true, detail: 'a"b\\c' }, 'mandoline; hit; detail="a\\"b\\\\c"'],
  ["what a field can't carry", { hit: true, detail: "a\r\nb\u00e9\x7f" }, 'mandoline; hit; detail="a??b??"'],
];
for (const [name, status, expected] of cases) {
  t.test(`formatCacheStatus() of ${name}`, async (t) => {
    t.equal(formatCacheStatus(status), expected);
  });
}

t.test("formatCacheStatus() writes a name as a token where it is one, else as a string", async (t) => {
  t.equal(formatCacheStatus({ hit: true }, "edge-1.example:80/a"), "edge-1.example:80/a; hit");
  t.equal(formatCacheStatus({ hit: true }, "1edge"), '"1edge"; hit');
  t.equal(formatCacheStatus({ hit: true }, "my cache"), '"my cache"; hit');
  t.equal(formatCacheStatus({ hit: true }, ""), '""; hit');
});
