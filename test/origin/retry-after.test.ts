import t from "tap";
import { epochMs } from "../../src/base/units.ts";
import { retryAfterMs } from "../../src/origin/retry-after.ts";

const now = epochMs(Date.UTC(2026, 2, 1, 8));

t.test("retryAfterMs() reads seconds and dates, and nothing else", async (t) => {
  const rows: readonly [value: string, waitMs: number | undefined][] = [
    ["0", 0],
    ["7", 7000],
    ["999999999", 999_999_999_000],
    ["1000000000", undefined],
    ["1.5", undefined],
    ["-1", undefined],
    ["soon", undefined],
    ["Sun, 01 Mar 2026 08:00:05 GMT", 5000],
    ["Sun, 01 Mar 2026 08:00:00 GMT", 0],
    ["Sun, 01 Mar 2026 07:00:00 GMT", 0],
    ["7, 8", undefined],
  ];
  for (const [value, waitMs] of rows) t.equal(retryAfterMs(["Retry-After", value], now), waitMs, value);
  t.equal(retryAfterMs([], now), undefined);
});
