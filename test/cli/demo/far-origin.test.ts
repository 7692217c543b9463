import t, { type Test } from "tap";
import { download, isRight } from "../../../src/cli/demo/download.ts";
import { type Disturbance, type FarOriginOptions, startFarOrigin } from "../../../src/cli/demo/far-origin.ts";
import { expectedBytes } from "../../../src/cli/demo/known-bytes.ts";
import { fetchWhole } from "../../support/client.ts";

const near: FarOriginOptions = { latencyMs: 0, bytesPerSecondPerConnection: Number.POSITIVE_INFINITY };

async function origin(t: Test, disturb?: () => Disturbance) {
  const started = await startFarOrigin(disturb ? { ...near, disturb } : near);
  t.teardown(() => started.close());
  return started;
}

t.test("GET of /3MiB/a brings the 3 MiB that known-bytes tells", async (t) => {
  const { url, stats, log } = await origin(t);
  const result = await download(`${url}/3MiB/a`);
  t.equal(isRight(result, 3 * 2 ** 20), true);
  t.strictSame(stats(), { requests: 1, bodyBytes: 3 * 2 ** 20, peakConcurrent: 1 });
  t.strictSame(log, [{ method: "GET", path: "/3MiB/a", range: undefined }]);
});

t.test("ranges: closed, open, suffix, last past the end, and unsatisfiable", async (t) => {
  const { url } = await origin(t);
  const cases = [
    ["bytes=10-19", 206, "bytes 10-19/1000", 10, 20],
    ["bytes=990-", 206, "bytes 990-999/1000", 990, 1000],
    ["bytes=-5", 206, "bytes 995-999/1000", 995, 1000],
    ["bytes=990-5000", 206, "bytes 990-999/1000", 990, 1000],
    ["bytes=1000-", 416, "bytes */1000", 0, 0],
    ["bytes=-0", 416, "bytes */1000", 0, 0],
    ["bytes=5-4", 200, undefined, 0, 1000],
  ] as const;
  for (const [range, status, contentRange, start, end] of cases) {
    const answer = await fetchWhole(`${url}/1KB/a`, { headers: { range } });
    t.equal(answer.status, status, range);
    t.equal(answer.headers["content-range"], contentRange, range);
    t.strictSame(answer.body, expectedBytes("/1KB/a", start, end), range);
  }
});

t.test("preconditions: If-Match 412, If-None-Match 304, If-Range of another entity tag 200", async (t) => {
  const { url } = await origin(t);
  const statusOf = async (headers: Record<string, string>) =>
    (await fetchWhole(`${url}/1KB/a`, { headers: { range: "bytes=0-9", ...headers } })).status;
  t.equal(await statusOf({ "if-match": '"1KB/a"' }), 206);
  t.equal(await statusOf({ "if-match": '"other"' }), 412);
  t.equal(await statusOf({ "if-none-match": '"1KB/a"' }), 304);
  t.equal(await statusOf({ "if-range": '"1KB/a"' }), 206);
  t.equal(await statusOf({ "if-range": '"other"' }), 200);
});

t.test("HEAD has the head of GET and no body; an unknown path is 404", async (t) => {
  const { url } = await origin(t);
  const head = await fetchWhole(`${url}/1KB/a`, { method: "HEAD" });
  t.equal(head.headers["content-length"], "1000");
  t.equal(head.body.length, 0);
  t.equal((await fetchWhole(`${url}/nothing`)).status, 404);
});

t.test("disturbances: 503, reset before the head, and a cut after half of the body", async (t) => {
  const kinds: Disturbance[] = [{ kind: "unavailable" }, { kind: "reset" }, { kind: "truncate", share: 0.5 }];
  const { url } = await origin(t, () => kinds.shift() ?? { kind: "none" });
  t.match(await download(`${url}/1MiB/a`), { status: 503, whole: true, bytes: 0 });
  t.match(await download(`${url}/1MiB/a`), { status: 0, whole: false });
  t.match(await download(`${url}/1MiB/a`), { status: 200, whole: false, bytes: 2 ** 19, wrongBytes: 0 });
});

t.test("a limited line carries no more than its rate: 40 kB at 200 kB/s take 0.16 s or more", async (t) => {
  const { url, close } = await startFarOrigin({ latencyMs: 10, bytesPerSecondPerConnection: 200_000 });
  t.teardown(close);
  const result = await download(`${url}/40KB/a`);
  t.equal(isRight(result, 40_000), true);
  t.ok(result.firstByteMs >= 9, "latency before the head");
  t.ok(result.wholeMs >= 160, "the last burst of 8 ms leaves at 192 ms at the earliest");
});
