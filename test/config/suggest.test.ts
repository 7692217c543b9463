import t from "tap";
import { editDistance, suggest } from "../../src/config/suggest.ts";

t.test("editDistance() counts insertions, deletions and replacements", async (t) => {
  const table: [string, string, number][] = [
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "", 3],
    ["abc", "abc", 0],
    ["kitten", "sitting", 3],
    ["slice_sise", "slice_size", 1],
  ];
  t.strictSame(
    table.map(([a, b]) => [a, b, editDistance(a, b)]),
    table,
  );
});

t.test("suggest() names the nearest, up to half of the characters wrong, and nothing beyond", async (t) => {
  t.equal(suggest("memroy", ["metadata", "memory", "max_retries"]), "memory");
  t.equal(suggest("abcd", ["abxy"]), "abxy");
  t.equal(suggest("abcd", ["axyz"]), undefined);
  t.equal(suggest("abcd", []), undefined);
  t.equal(suggest("--ab", ["--xy"], "--"), undefined);
  t.equal(suggest("--ab", ["--ay"], "--"), "--ay");
});
