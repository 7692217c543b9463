import t from "tap";
import { type ByteRange, byteRange, intersect, rangeBytes } from "../../src/http/byte-range.ts";

t.test("byteRange() accepts the borders of its domain", async (t) => {
  t.strictSame(byteRange(0, 0), { start: 0, end: 0 });
  t.strictSame(byteRange(5, 5), { start: 5, end: 5 });
  t.strictSame(byteRange(0, Number.MAX_SAFE_INTEGER), { start: 0, end: Number.MAX_SAFE_INTEGER });
});

t.test("byteRange() refuses what is no range", async (t) => {
  const refused: readonly (readonly [start: number, end: number])[] = [
    [-1, 0],
    [1, 0],
    [0, 0.5],
    [0, Number.MAX_SAFE_INTEGER + 1],
    [Number.NaN, 1],
    [0, Number.POSITIVE_INFINITY],
  ];
  for (const [start, end] of refused)
    t.throws(() => byteRange(start, end), { code: "INVARIANT" }, `${start}, ${end}`);
});

t.test("rangeBytes() counts the half-open range", async (t) => {
  t.equal(rangeBytes(byteRange(7, 7)), 0);
  t.equal(rangeBytes(byteRange(7, 8)), 1);
  t.equal(rangeBytes(byteRange(0, 100)), 100);
});

const r = (start: number, end: number): ByteRange => ({ start, end });
const intersections: readonly (readonly [
  name: string,
  a: ByteRange,
  b: ByteRange,
  expected: ByteRange | undefined,
])[] = [
  ["apart", r(0, 5), r(6, 9), undefined],
  ["touching", r(0, 5), r(5, 9), undefined],
  ["sharing one byte", r(0, 6), r(5, 9), r(5, 6)],
  ["one inside the other", r(0, 9), r(3, 4), r(3, 4)],
  ["equal", r(2, 4), r(2, 4), r(2, 4)],
  ["an empty one inside", r(0, 9), r(3, 3), undefined],
];
for (const [name, a, b, expected] of intersections) {
  t.test(`intersect() of ranges ${name}, either way round`, async (t) => {
    t.strictSame(intersect(a, b), expected);
    t.strictSame(intersect(b, a), expected);
  });
}
