import t from "tap";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../src/config/quantities.ts";

t.test("parseSize() takes binary units, decimal units and bare bytes, and nothing else", async (t) => {
  const table: [unknown, number][] = [
    [0, 0],
    [1048576, 1048576],
    ["1048576", 1048576],
    ["512B", 512],
    ["512KiB", 524288],
    ["1MiB", 1048576],
    ["1 MiB", 1048576],
    ["1mib", 1048576],
    ["1.5MiB", 1572864],
    ["2MB", 2000000],
    ["1GiB", 1073741824],
    ["1TB", 1e12],
    ["0.3B", Number.NaN],
    ["1M", Number.NaN],
    ["1  MiB", Number.NaN],
    ["-1MiB", Number.NaN],
    [-1, Number.NaN],
    [1.5, Number.NaN],
    ["1e6", Number.NaN],
    ["MiB", Number.NaN],
    ["", Number.NaN],
    ["3 bananas", Number.NaN],
    [null, Number.NaN],
    [true, Number.NaN],
    [["1MiB"], Number.NaN],
  ];
  t.strictSame(
    table.map(([value]) => [value, parseSize(value)]),
    table,
  );
});

t.test(
  "parseDuration() takes units from ms to d and bare seconds, down to a whole millisecond",
  async (t) => {
    const table: [unknown, number][] = [
      ["250ms", 250],
      ["1.5s", 1500],
      ["1.1s", 1100],
      ["30m", 1_800_000],
      ["1h", 3_600_000],
      ["7d", 604_800_000],
      [3600, 3_600_000],
      [0.25, 250],
      ["3600", 3_600_000],
      ["0", 0],
      ["1.5ms", Number.NaN],
      [0.0005, Number.NaN],
      ["1w", Number.NaN],
      ["1h30m", Number.NaN],
      ["-1s", Number.NaN],
      [Number.POSITIVE_INFINITY, Number.NaN],
    ];
    t.strictSame(
      table.map(([value]) => [value, parseDuration(value)]),
      table,
    );
  },
);

t.test("formatSize() and formatDuration() write the largest unit that divides", async (t) => {
  t.strictSame([0, 1500, 98304, 1048576, 1610612736].map(formatSize), [
    "0",
    "1500B",
    "96KiB",
    "1MiB",
    "1536MiB",
  ]);
  t.strictSame([0, 1, 1600, 60_000, 5_400_000, 7_200_000].map(formatDuration), [
    "0",
    "1ms",
    "1600ms",
    "1m",
    "90m",
    "2h",
  ]);
});
