import t from "tap";
import { formatRange, parseRange, type RangeSpec, resolveRange } from "../../src/http/range-header.ts";

const SAFE = Number.MAX_SAFE_INTEGER;
const fromTo = (start: number, last: number): RangeSpec => ({ kind: "from-to", start, last });
const from = (start: number): RangeSpec => ({ kind: "from", start });
const suffix = (lengthBytes: number): RangeSpec => ({ kind: "suffix", lengthBytes });

const understood: readonly (readonly [name: string, value: string, specs: readonly RangeSpec[]])[] = [
  ["a single byte", "bytes=0-0", [fromTo(0, 0)]],
  ["first and last position", "bytes=100-199", [fromTo(100, 199)]],
  ["an open end", "bytes=500-", [from(500)]],
  ["a suffix", "bytes=-500", [suffix(500)]],
  ["a suffix of nothing", "bytes=-0", [suffix(0)]],
  ["leading zeros", "bytes=007-0010", [fromTo(7, 10)]],
  ["a unit in another case", "BYTES=1-2", [fromTo(1, 2)]],
  ["several members, order kept", "bytes=9-9,0-1,-1,5-", [fromTo(9, 9), fromTo(0, 1), suffix(1), from(5)]],
  ["white space around members", "bytes= 0-1 ,\t2-3\t", [fromTo(0, 1), fromTo(2, 3)]],
  ["empty members", "bytes=,,0-1, ,", [fromTo(0, 1)]],
  ["the greatest safe last", `bytes=0-${SAFE}`, [fromTo(0, SAFE)]],
  ["a last of 2^53, saturated", "bytes=0-9007199254740992", [fromTo(0, SAFE)]],
  ["a start of 2^53, saturated", "bytes=9007199254740992-", [from(SAFE)]],
  ["a suffix of 400 digits, saturated", `bytes=-${"9".repeat(400)}`, [suffix(SAFE)]],
];
for (const [name, value, specs] of understood) {
  t.test(`parseRange() reads ${name} (${value.slice(0, 40)})`, async (t) => {
    t.strictSame(parseRange(value), { kind: "bytes", specs });
  });
}

const ignored: readonly (readonly [name: string, value: string | undefined])[] = [
  ["an absent field", undefined],
  ["an empty value", ""],
  ["a unit alone", "bytes"],
  ["an empty set", "bytes="],
  ["a set of empty members", "bytes=, ,"],
  ["another unit", "pages=1-2"],
  ["white space before the equals sign", "bytes =0-1"],
  ["a dash alone", "bytes=-"],
  ["no dash", "bytes=5"],
  ["an inverted range", "bytes=5-4"],
  ["an inverted range among good ones", "bytes=0-1,5-4"],
  ["a sign", "bytes=+1-2"],
  ["two dashes", "bytes=1--2"],
  ["a negative suffix", "bytes=--2"],
  ["letters", "bytes=a-b"],
  ["hexadecimal", "bytes=0x1-0x2"],
  ["a fraction", "bytes=0.5-1"],
  ["white space inside a member", "bytes=0 - 1"],
  ["a line break", "bytes=0-1\n"],
];
for (const [name, value] of ignored) {
  t.test(`parseRange() ignores ${name} (${JSON.stringify(value)})`, async (t) => {
    t.strictSame(parseRange(value), { kind: "none" });
  });
}

t.test("parseRange() heeds rangesMax members and ignores a field with one more", async (t) => {
  const members = (count: number) => `bytes=${Array(count).fill("0-0").join(",")}`;
  t.equal(parseRange(members(64)).kind, "bytes");
  t.equal(parseRange(members(65)).kind, "none");
  t.equal(parseRange(members(1), 1).kind, "bytes");
  t.equal(parseRange(members(2), 1).kind, "none");
  t.strictSame(
    parseRange("bytes=0-0,,", 1),
    { kind: "bytes", specs: [fromTo(0, 0)] },
    "empty members don't count",
  );
});

type Pair = readonly [start: number, end: number];
const resolved: readonly (readonly [
  name: string,
  spec: RangeSpec,
  length: number,
  expected: Pair | undefined,
])[] = [
  ["first byte", fromTo(0, 0), 100, [0, 1]],
  ["last byte", fromTo(99, 99), 100, [99, 100]],
  ["whole representation", fromTo(0, 99), 100, [0, 100]],
  ["last clamped, one past the end", fromTo(90, 100), 100, [90, 100]],
  ["saturated last clamped", fromTo(0, SAFE), 100, [0, 100]],
  ["start at the length", fromTo(100, 200), 100, undefined],
  ["open end from the last byte", from(99), 100, [99, 100]],
  ["open end from the length", from(100), 100, undefined],
  ["open end from a saturated start", from(SAFE), SAFE, undefined],
  ["suffix of one", suffix(1), 100, [99, 100]],
  ["suffix as long as the representation", suffix(100), 100, [0, 100]],
  ["suffix longer than the representation", suffix(999), 100, [0, 100]],
  ["suffix of nothing", suffix(0), 100, undefined],
  ["open end of nothing", from(0), 0, undefined],
  ["suffix of an empty representation", suffix(5), 0, undefined],
  ["from-to of an empty representation", fromTo(0, 5), 0, undefined],
];
for (const [name, spec, length, expected] of resolved) {
  t.test(`resolveRange() ${name} (${JSON.stringify(spec)} of ${length})`, async (t) => {
    t.strictSame(
      resolveRange([spec], length),
      expected === undefined
        ? { kind: "unsatisfiable" }
        : { kind: "satisfiable", ranges: [{ start: expected[0], end: expected[1] }] },
    );
  });
}

t.test("resolveRange() drops unsatisfiable members, keeps order, overlap and duplicates", async (t) => {
  t.strictSame(
    resolveRange([suffix(2), fromTo(100, 101), fromTo(0, 4), suffix(0), fromTo(3, 9), fromTo(0, 4)], 100),
    {
      kind: "satisfiable",
      ranges: [
        { start: 98, end: 100 },
        { start: 0, end: 5 },
        { start: 3, end: 10 },
        { start: 0, end: 5 },
      ],
    },
  );
  t.strictSame(resolveRange([fromTo(100, 101), suffix(0)], 100), { kind: "unsatisfiable" });
});

t.test("formatRange() writes the last byte inclusively and refuses an empty range", async (t) => {
  t.equal(formatRange({ start: 0, end: 1 }), "bytes=0-0");
  t.equal(formatRange({ start: 1048576, end: 2097152 }), "bytes=1048576-2097151");
  t.throws(() => formatRange({ start: 3, end: 3 }), { code: "INVARIANT" });
});
