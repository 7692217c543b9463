import t from "tap";
import {
  type EntityTag,
  formatEntityTag,
  parseEntityTag,
  parseEntityTagList,
  strongEqual,
  weakEqual,
} from "../../src/http/entity-tag.ts";

const strong = (opaque: string): EntityTag => ({ weak: false, opaque });
const weak = (opaque: string): EntityTag => ({ weak: true, opaque });

const understood: readonly (readonly [name: string, value: string, expected: EntityTag])[] = [
  ["a strong tag", '"xyzzy"', strong("xyzzy")],
  ["a weak tag", 'W/"xyzzy"', weak("xyzzy")],
  ["an empty tag", '""', strong("")],
  ["an empty weak tag", 'W/""', weak("")],
  ["a comma, a backslash and an apostrophe", '"a,b\\c\'d"', strong("a,b\\c'd")],
  ["the borders of etagc", '"\x21\x23\x7e\x80\xff"', strong("\x21\x23\x7e\x80\xff")],
  ["4,000 characters", `"${"e".repeat(4000)}"`, strong("e".repeat(4000))],
];
for (const [name, value, expected] of understood) {
  t.test(`parseEntityTag() reads ${name} and formatEntityTag() writes it back`, async (t) => {
    t.strictSame(parseEntityTag(value), expected);
    t.equal(formatEntityTag(expected), value);
  });
}

const refused: readonly (readonly [name: string, value: string | undefined])[] = [
  ["an absent field", undefined],
  ["an empty value", ""],
  ["no quotes", "xyzzy"],
  ["one quote", '"xyzzy'],
  ["a quote alone", '"'],
  ["a quote inside", '"xy"zzy"'],
  ["a small w", 'w/"xyzzy"'],
  ["W without a slash", 'W"xyzzy"'],
  ["a space inside", '"xy zzy"'],
  ["the control character 0x7f", '"\x7f"'],
  ["a character beyond latin1", '"\u0100"'],
  ["white space outside", ' "xyzzy"'],
  ["two tags", '"a", "b"'],
  ["a line break", '"xyzzy"\n'],
];
for (const [name, value] of refused) {
  t.test(`parseEntityTag() refuses ${name}`, async (t) => {
    t.equal(parseEntityTag(value), undefined);
  });
}

// The table of RFC 9110 §8.8.3.2.
const compared: readonly (readonly [a: EntityTag, b: EntityTag, strongly: boolean, weakly: boolean])[] = [
  [weak("1"), weak("1"), false, true],
  [weak("1"), weak("2"), false, false],
  [weak("1"), strong("1"), false, true],
  [strong("1"), weak("1"), false, true],
  [strong("1"), strong("1"), true, true],
  [strong("1"), strong("2"), false, false],
];
for (const [a, b, strongly, weakly] of compared) {
  t.test(`comparison of ${formatEntityTag(a)} with ${formatEntityTag(b)}`, async (t) => {
    t.equal(strongEqual(a, b), strongly);
    t.equal(weakEqual(a, b), weakly);
  });
}

const lists: readonly (readonly [
  name: string,
  value: string | undefined,
  expected: "*" | readonly EntityTag[] | undefined,
])[] = [
  ["an absent field", undefined, undefined],
  ["the star", "*", "*"],
  ["no member", "", []],
  ["empty members only", " ,\t,", []],
  ["one tag", '"a"', [strong("a")]],
  ["several tags, order kept", '"b", W/"a","c"', [strong("b"), weak("a"), strong("c")]],
  ["empty members among tags", ',"a",, "b" ,', [strong("a"), strong("b")]],
  ["a comma inside a tag", '"a,b", "c"', [strong("a,b"), strong("c")]],
  ["a tag without quotes", '"a", b', undefined],
  ["no comma between tags", '"a" "b"', undefined],
  ["a star among tags", '"a", *', undefined],
  ["an open quote at the end", '"a", "b', undefined],
];
for (const [name, value, expected] of lists) {
  t.test(`parseEntityTagList() of ${name}`, async (t) => {
    t.strictSame(parseEntityTagList(value), expected);
  });
}
