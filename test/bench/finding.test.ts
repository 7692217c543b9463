import t from "tap";
import { correct, findingsTable, isReached, median, speed } from "./finding.ts";

t.test("isReached() takes a figure on its aim as reached", async (t) => {
  t.equal(isReached(speed("a", 6, "×", { min: 6 })), true);
  t.equal(isReached(speed("a", 5.99, "×", { min: 6 })), false);
  t.equal(isReached(correct("a", 0, "", { max: 0 })), true);
  t.equal(isReached(correct("a", 1, "", { max: 0 })), false);
  t.equal(isReached(correct("a", Number.NaN, "", { max: 0 })), false, "no figure is no success");
  t.equal(isReached(speed("a", 1, "s")), true, "without an aim");
});

t.test("median() of an odd and an even number of values", async (t) => {
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 2, 3]), 2.5);
});

t.test("findingsTable() says which aims were missed", async (t) => {
  const found = { hot: [speed("rate", 1.434, "GB/s", { min: 2 }), correct("requests", 0, "", { max: 0 })] };
  t.equal(
    findingsTable(found),
    [
      "scenario  what         figure  aim",
      "────────  ────────  ─────────  ───  ──────",
      "hot       rate      1.43 GB/s  ≥ 2  MISSED",
      "hot       requests          0  ≤ 0      ok",
    ].join("\n"),
  );
});
