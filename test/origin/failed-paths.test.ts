import t from "tap";
import { FailedPaths } from "../../src/origin/failed-paths.ts";

t.test("a path counts once in a window, each path for itself", async (t) => {
  const paths = new FailedPaths(1000);
  t.strictSame(
    [
      paths.note("/a", 0),
      paths.note("/a", 999),
      paths.note("/b", 999),
      paths.note("/a", 1000),
      paths.note("/a", 1999),
      paths.note("/a", 2000),
    ],
    [true, false, true, true, false, true],
  );
});

t.test("at most 1000 paths are remembered: the oldest counts anew", async (t) => {
  const paths = new FailedPaths(1000);
  for (let path = 0; path <= 1000; path += 1) paths.note(`/${path}`, 0);
  t.equal(paths.note("/1", 1), false);
  t.equal(paths.note("/0", 1), true);
});
