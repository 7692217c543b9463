// Floor 6. Sizes and times as people write them ("1MiB", "1.5s"), to numbers and back. Pure; knows no option.

const bytesOf: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
  ["tib", 1024 ** 4],
  ["kb", 1000],
  ["mb", 1000 ** 2],
  ["gb", 1000 ** 3],
  ["tb", 1000 ** 4],
]);

const msOf: ReadonlyMap<string, number> = new Map([
  ["", 1000],
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** Bytes of "1MiB", "2MB" (decimal), "512KiB" or a bare number of bytes; NaN when it is no size. */
export function parseSize(value: unknown): number {
  return parseQuantity(value, bytesOf);
}

/** Milliseconds of "1h", "30m", "1.5s", "250ms", "7d" or a bare number of seconds; NaN when it is no time. */
export function parseDuration(value: unknown): number {
  return parseQuantity(value, msOf);
}

/** The shortest exact way to write `bytes` in binary units: 1MiB, 96KiB, 1500B. */
export function formatSize(bytes: number): string {
  return formatQuantity(bytes, [
    ["TiB", 1024 ** 4],
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
    ["B", 1],
  ]);
}

/** The shortest exact way to write `ms`: 2h, 90m, 1500ms. */
export function formatDuration(ms: number): string {
  return formatQuantity(ms, [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
    ["ms", 1],
  ]);
}

function parseQuantity(value: unknown, units: ReadonlyMap<string, number>): number {
  if (typeof value !== "number" && typeof value !== "string") return Number.NaN;
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(String(value));
  const unit = units.get((match?.[2] ?? "").toLowerCase());
  if (match === null || unit === undefined) return Number.NaN;
  const product = Number(match[1]) * unit;
  const whole = Math.round(product);
  // 1.1s is 1100.0000000000002 as a product; 1.0005s is no whole number of milliseconds.
  return Math.abs(product - whole) < 1e-6 ? whole : Number.NaN;
}

function formatQuantity(amount: number, units: readonly (readonly [string, number])[]): string {
  const [name, unit] = units.find(([, size]) => amount >= size && amount % size === 0) ?? ["", 1];
  return `${amount / unit}${name}`;
}
