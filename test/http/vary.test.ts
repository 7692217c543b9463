import t from "tap";
import { variantKey, varyNames } from "../../src/http/vary.ts";

const names: readonly (readonly [
  name: string,
  fields: readonly string[],
  expected: "*" | readonly string[],
])[] = [
  ["no Vary", ["ETag", '"1"'], []],
  ["an empty Vary", ["Vary", ""], []],
  [
    "lines and members, lower case, sorted, each once",
    ["Vary", "Origin, ACCEPT", "vary", "accept,,Cookie"],
    ["accept", "cookie", "origin"],
  ],
  ["the star alone", ["Vary", "*"], "*"],
  ["the star among names", ["Vary", "Accept", "Vary", "Origin , *"], "*"],
];
for (const [name, fields, expected] of names) {
  t.test(`varyNames() of ${name}`, async (t) => {
    t.strictSame(varyNames(fields), expected);
  });
}

t.test("variantKey() pins its form, absent told from empty", async (t) => {
  t.equal(variantKey([], ["Accept", "a"]), "[]");
  t.equal(variantKey(["accept", "origin"], ["Accept", "a, b"]), '[["accept","a,b"],["origin",null]]');
  t.equal(variantKey(["accept"], ["Accept", ""]), '[["accept",""]]');
});

const codings = ["accept-encoding"];
const same: readonly (readonly [
  name: string,
  names: readonly string[],
  a: readonly string[],
  b: readonly string[],
])[] = [
  ["names of fields in any case", ["accept"], ["ACCEPT", "x"], ["accept", "x"]],
  ["white space around members", ["accept"], ["accept", "a , b"], ["accept", "a,b"]],
  ["white space runs in a member", ["accept"], ["accept", "a \t b"], ["accept", "a b"]],
  ["one line or two", ["accept"], ["accept", "a", "accept", "b"], ["accept", "a, b"]],
  ["fields that Vary doesn't name", ["accept"], ["accept", "a", "x", "1"], ["accept", "a", "x", "2"]],
  ["codings in another order", codings, ["accept-encoding", "br, gzip"], ["accept-encoding", "gzip, br"]],
  ["codings in another case", codings, ["accept-encoding", "GZIP"], ["accept-encoding", "gzip"]],
  [
    "codings of weight 1",
    codings,
    ["accept-encoding", "gzip; Q=1.000, br;q = 1"],
    ["accept-encoding", "br,gzip"],
  ],
];
for (const [name, names, a, b] of same) {
  t.test(`variantKey() is the same for ${name}`, async (t) => {
    t.equal(variantKey(names, a), variantKey(names, b));
  });
}

const different: typeof same = [
  ["absent and empty", ["accept"], [], ["accept", ""]],
  ["absent and the text null", ["accept"], [], ["accept", "null"]],
  ["another order of a list", ["accept"], ["accept", "a, b"], ["accept", "b, a"]],
  ["values in another case", ["accept"], ["accept", "A"], ["accept", "a"]],
  ["white space in a quoted string", ["accept"], ["accept", 'a="x  y"'], ["accept", 'a="x y"']],
  ["a value moved to the next field", ["a", "b"], ["a", "x", "b", ""], ["a", "", "b", "x"]],
  ["codings of weight 0", codings, ["accept-encoding", "gzip;q=0"], ["accept-encoding", "gzip"]],
  ["codings of weight 0.1", codings, ["accept-encoding", "gzip;q=0.1"], ["accept-encoding", "gzip"]],
];
for (const [name, names, a, b] of different) {
  t.test(`variantKey() differs for ${name}`, async (t) => {
    t.not(variantKey(names, a), variantKey(names, b));
  });
}
