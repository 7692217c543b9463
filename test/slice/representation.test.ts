import t from "tap";
import { nameRepresentation } from "../../src/slice/representation.ts";
import { changedParts, representationOf, wholeParts } from "../support/made-up.ts";

t.test("nameRepresentation() gives equal parts equal names, whatever their order", async (t) => {
  const reversed = Object.fromEntries(Object.entries(wholeParts).reverse()) as unknown as typeof wholeParts;
  t.strictSame(nameRepresentation(reversed), nameRepresentation(wholeParts));
  t.match(nameRepresentation(wholeParts), wholeParts);
});

t.test("nameRepresentation() gives another name and digest when any part changes", async (t) => {
  const all = [wholeParts, ...Object.values(changedParts).map((parts) => ({ ...wholeParts, ...parts }))];
  t.equal(new Set(all.map((parts) => nameRepresentation(parts).name)).size, all.length);
  t.equal(new Set(all.map((parts) => nameRepresentation(parts).digest)).size, all.length);
});

t.test("nameRepresentation() is not misled by parts that contain each other's separators", async (t) => {
  const one = representationOf({ cacheKey: 'http://h/a","x', variant: "" });
  const other = representationOf({ cacheKey: "http://h/a", variant: 'x",""' });
  t.not(one.name, other.name);
  t.match(one.digest, /^[\w-]{43}$/, "a digest that is safe inside any key");
});
