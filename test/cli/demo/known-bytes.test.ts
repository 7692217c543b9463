import t from "tap";
import { expectedBytes, pieceAt, verifyAt } from "../../../src/cli/demo/known-bytes.ts";
import { tileBytes } from "../../../src/cli/demo/tiles.ts";

t.test("expectedBytes() gives the same bytes for a part as for the whole, across a tile's end", async (t) => {
  const whole = expectedBytes("/a", 0, 3 * tileBytes);
  const part = expectedBytes("/a", tileBytes - 3, 2 * tileBytes + 5);
  t.ok(part.equals(whole.subarray(tileBytes - 3, 2 * tileBytes + 5)));
});

t.test("verifyAt() accepts the right bytes at the right place, whatever the chunk's edges", async (t) => {
  const whole = expectedBytes("/a", 0, 3 * tileBytes);
  for (const [start, end] of [
    [0, 1],
    [7, 7],
    [tileBytes - 1, tileBytes + 1],
    [0, 3 * tileBytes],
  ] as const) {
    t.equal(verifyAt("/a", start, whole.subarray(start, end)), true, `${start}-${end}`);
  }
});

t.test(
  "verifyAt() refuses bytes of another place, of another representation, and one wrong byte",
  async (t) => {
    const page = expectedBytes("/a", tileBytes, 2 * tileBytes);
    t.equal(verifyAt("/a", 0, page), false, "one page early");
    t.equal(verifyAt("/a", tileBytes + 1, page), false, "one byte late");
    t.equal(verifyAt("/b", tileBytes, page), false, "another name");
    const last = page.length - 1;
    page[last] = (page[last] ?? 0) ^ 1;
    t.equal(verifyAt("/a", tileBytes, page), false, "the last byte");
  },
);

t.test("pieceAt() ends at the tile's end or at `end`, whichever comes first", async (t) => {
  t.equal(pieceAt("/a", tileBytes - 10, 2 * tileBytes).length, 10);
  t.equal(pieceAt("/a", 5, 9).length, 4);
});

t.test("no two of the first 16384 tiles (1 GiB) begin alike", async (t) => {
  const beginnings = new Set<string>();
  for (let tile = 0; tile < 16_384; tile += 1) {
    beginnings.add(pieceAt("/a", tile * tileBytes, tile * tileBytes + 16).toString("hex"));
  }
  t.equal(beginnings.size, 16_384);
});
