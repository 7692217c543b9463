import { join } from "node:path";
import t from "tap";
import { checkFile } from "../../src/cli/check.ts";

t.test("checkFile() sums up a file that would load, with or without an origin", async (t) => {
  const file = join(t.testdir({ "x.yaml": "profile: low-memory\nmax_retries: 1\n" }), "x.yaml");
  const rest =
    "slice_size 512KiB; max_concurrent_subrequests 4; max_retries 1; cache_ttl 30m; memory.max_bytes 128MiB)";
  t.strictSame(checkFile(file, {}), {
    ok: true,
    text: `${file}: configuration is valid (profile low-memory; origin not set; ${rest}`,
  });
  t.strictSame(checkFile(file, { MANDOLINE_ORIGIN: "localhost:9000" }), {
    ok: true,
    text: `${file}: configuration is valid (profile low-memory; origin http://localhost:9000; ${rest}`,
  });
});

t.test("checkFile() gives every problem of a file, a line each", async (t) => {
  const file = join(t.testdir({ "x.yaml": "workers: 2\ncolour: red\n" }), "x.yaml");
  t.strictSame(checkFile(file, {}), {
    ok: false,
    text:
      `${file}:1:10: workers: expected 1 (this version runs one worker), got 2\n` +
      `${file}:2:1: colour: unknown option`,
  });
});

t.test("checkFile() passes each profile of the package", async (t) => {
  for (const name of ["balanced", "high-throughput", "low-memory", "latency-critical"]) {
    t.equal(checkFile(`config/${name}.yaml`, {}).ok, true, name);
  }
});
