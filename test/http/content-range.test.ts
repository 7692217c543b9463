import t from "tap";
import {
  type ContentRange,
  formatContentRange,
  formatUnsatisfied,
  parseContentRange,
} from "../../src/http/content-range.ts";

const satisfied = (start: number, end: number, completeLength: number | undefined): ContentRange => ({
  kind: "satisfied",
  range: { start, end },
  completeLength,
});

const understood: readonly (readonly [name: string, value: string, expected: ContentRange])[] = [
  ["a single byte", "bytes 0-0/100", satisfied(0, 1, 100)],
  ["up to the last byte", "bytes 50-99/100", satisfied(50, 100, 100)],
  ["an unknown length", "bytes 50-99/*", satisfied(50, 100, undefined)],
  ["a unit in another case", "Bytes 0-9/10", satisfied(0, 10, 10)],
  ["leading zeros", "bytes 00-009/0010", satisfied(0, 10, 10)],
  ["the greatest safe length", "bytes 0-0/9007199254740991", satisfied(0, 1, 9007199254740991)],
  ["an unsatisfied range", "bytes */100", { kind: "unsatisfied", completeLength: 100 }],
  ["an unsatisfied range of nothing", "bytes */0", { kind: "unsatisfied", completeLength: 0 }],
];
for (const [name, value, expected] of understood) {
  t.test(`parseContentRange() reads ${name} (${value})`, async (t) => {
    t.strictSame(parseContentRange(value), expected);
  });
}

const refused: readonly (readonly [name: string, value: string | undefined])[] = [
  ["an absent field", undefined],
  ["an empty value", ""],
  ["neither range nor length", "bytes */*"],
  ["another unit", "pages 0-9/10"],
  ["the equals sign of Range", "bytes=0-9/10"],
  ["no space", "bytes0-9/10"],
  ["two spaces", "bytes  0-9/10"],
  ["space around the slash", "bytes 0-9 / 10"],
  ["no length", "bytes 0-9"],
  ["an empty length", "bytes 0-9/"],
  ["an inverted range", "bytes 9-8/10"],
  ["a last at the length", "bytes 0-10/10"],
  ["a range of nothing", "bytes 0-0/0"],
  ["no first position", "bytes -9/10"],
  ["no last position", "bytes 0-/10"],
  ["a sign", "bytes +0-9/10"],
  ["a length of 2^53", "bytes 0-0/9007199254740992"],
  ["a last whose end would be 2^53", "bytes 0-9007199254740991/*"],
  ["positions that differ only beyond 2^53", "bytes 9007199254740992-9007199254740993/*"],
  ["two field lines in one", "bytes 0-9/10, bytes 0-9/10"],
  ["a line break", "bytes 0-9/10\n"],
];
for (const [name, value] of refused) {
  t.test(`parseContentRange() refuses ${name} (${JSON.stringify(value)})`, async (t) => {
    t.equal(parseContentRange(value), undefined);
  });
}

t.test("formatContentRange() writes inclusive positions, * for an unknown length", async (t) => {
  t.equal(formatContentRange({ start: 0, end: 1 }, 1), "bytes 0-0/1");
  t.equal(formatContentRange({ start: 10, end: 20 }, 100), "bytes 10-19/100");
  t.equal(formatContentRange({ start: 10, end: 20 }, undefined), "bytes 10-19/*");
});

t.test("formatContentRange() refuses an empty range and one past the length", async (t) => {
  t.throws(() => formatContentRange({ start: 1, end: 1 }, 10), { code: "INVARIANT" });
  t.throws(() => formatContentRange({ start: 0, end: 11 }, 10), { code: "INVARIANT" });
});

t.test("formatUnsatisfied() names the length only", async (t) => {
  t.equal(formatUnsatisfied(0), "bytes */0");
  t.equal(formatUnsatisfied(1234), "bytes */1234");
});
