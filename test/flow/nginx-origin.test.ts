// A real nginx as origin: its entity tags, ranges, gzip and errors.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import t, { type Test } from "tap";
import { expectedBytes } from "../../src/cli/demo/known-bytes.ts";
import { type RunningProxy, startProxy } from "../../src/server/proxy.ts";
import { fetchRange, fetchWhole, type WholeResponse } from "../support/client.ts";
import { type Nginx, startNginx } from "../support/nginx.ts";
import { flowConfig, KiB, nothingHeld, settled } from "./support/flow.ts";

const length = 1000 * KiB + 7;
const large = expectedBytes("/large", 0, length);
const text = "slice by slice\n".repeat(1000);

interface Served {
  readonly nginx: Nginx;
  readonly proxy: RunningProxy;
  readonly url: string;
}

async function served(t: Test, directives = ""): Promise<Served> {
  const nginx = await startNginx(directives);
  const proxy = await startProxy(flowConfig(nginx.url));
  t.teardown(async () => {
    await proxy.close();
    await nginx.stop();
  });
  await writeFile(join(nginx.folder, "large"), large);
  await writeFile(join(nginx.folder, "small"), "hello");
  await writeFile(join(nginx.folder, "empty"), "");
  await writeFile(join(nginx.folder, "text.html"), text);
  return { nginx, proxy, url: `http://127.0.0.1:${proxy.data.port}` };
}

const brief = ({ status, body, aborted }: WholeResponse) => ({ status, body, aborted });

t.test("nginx: whole, parts, suffix and 416 of a large file, cold and hot", async (t) => {
  const { url, proxy, nginx } = await served(t);
  const whole = { status: 200, body: large, aborted: false };
  const of = (start: number, end: number) => ({
    status: 206,
    body: large.subarray(start, end),
    aborted: false,
  });
  t.strictSame(brief(await fetchRange(`${url}/large`, "500000-600000")), of(500_000, 600_001));
  t.strictSame(brief(await fetchRange(`${url}/large`, "-7")), of(length - 7, length));
  t.strictSame(brief(await fetchWhole(`${url}/large`)), whole);
  t.strictSame(brief(await fetchRange(`${url}/large`, `${length}-`)), {
    status: 416,
    body: Buffer.alloc(0),
    aborted: false,
  });
  const direct = await fetchWhole(`${nginx.url}/large`);
  const hot = await fetchWhole(`${url}/large`);
  t.strictSame(brief(hot), whole);
  t.match(hot.headers["cache-status"], /^mandoline; hit/);
  for (const name of ["etag", "last-modified", "content-type", "content-length", "accept-ranges"]) {
    t.equal(hot.headers[name], direct.headers[name], name);
  }
  t.strictSame(await settled(proxy), nothingHeld);
});

t.test("nginx: a small file, an empty one and none", async (t) => {
  const { url, proxy } = await served(t);
  for (const cacheStatus of [/fwd=uri-miss/, /; hit/]) {
    const small = await fetchWhole(`${url}/small`);
    t.strictSame(brief(small), { status: 200, body: Buffer.from("hello"), aborted: false });
    t.match(small.headers["cache-status"], cacheStatus);
  }
  const empty = await fetchWhole(`${url}/empty`);
  t.strictSame(brief(empty), { status: 200, body: Buffer.alloc(0), aborted: false });
  t.equal(empty.headers["content-length"], "0");
  t.equal((await fetchRange(`${url}/empty`, "0-0")).status, 416);
  const none = await fetchWhole(`${url}/none`);
  t.equal(none.status, 404);
  t.match(none.body.toString(), /404 Not Found/);
  t.strictSame(await settled(proxy), nothingHeld);
});

t.test(
  "nginx: gzip for clients that accept it (a weak tag: relayed), the bytes for the others",
  async (t) => {
    const { url, proxy } = await served(
      t,
      "gzip on; gzip_proxied any; gzip_vary on; gzip_min_length 1; types { text/html html; }",
    );
    for (let round = 0; round < 2; round += 1) {
      const coded = await fetchWhole(`${url}/text.html`, { headers: { "accept-encoding": "gzip" } });
      t.equal(coded.headers["content-encoding"], "gzip");
      t.equal(gunzipSync(coded.body).toString(), text);
      const plain = await fetchWhole(`${url}/text.html`);
      t.equal(plain.headers["content-encoding"], undefined);
      t.equal(plain.body.toString(), text);
    }
    const whole = await fetchWhole(`${url}/large`, { headers: { "accept-encoding": "gzip" } });
    t.strictSame(brief(whole), { status: 200, body: large, aborted: false });
    t.strictSame(await settled(proxy), nothingHeld);
  },
);

t.test("nginx: a file replaced after max-age is the new one whole", async (t) => {
  const { url, nginx, proxy } = await served(t, "add_header Cache-Control max-age=0;");
  t.strictSame((await fetchWhole(`${url}/large`)).body, large);
  const unchanged = await fetchWhole(`${url}/large`);
  t.strictSame(unchanged.body, large);
  t.match(unchanged.headers["cache-status"], /fwd=stale; fwd-status=304/);
  const replaced = expectedBytes("/replaced", 0, length + 1000);
  await writeFile(join(nginx.folder, "large"), replaced);
  t.strictSame((await fetchWhole(`${url}/large`)).body, replaced);
  t.strictSame(await settled(proxy), nothingHeld);
});

t.test("nginx with ranges off is cut into slices as it passes", async (t) => {
  const { url, proxy } = await served(t, "max_ranges 0;");
  t.strictSame(brief(await fetchWhole(`${url}/large`)), { status: 200, body: large, aborted: false });
  const hot = await fetchRange(`${url}/large`, "500000-500009");
  t.strictSame(brief(hot), { status: 206, body: large.subarray(500_000, 500_010), aborted: false });
  t.match(hot.headers["cache-status"], /; hit/);
  t.strictSame(await settled(proxy), nothingHeld);
});

t.test("nginx that is limited in rate is fetched in parallel, every byte right", async (t) => {
  const { url, proxy } = await served(t, "limit_rate 2m;");
  t.strictSame(brief(await fetchWhole(`${url}/large`)), { status: 200, body: large, aborted: false });
  t.strictSame(await settled(proxy), nothingHeld);
});
