import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import t from "tap";
import { expectedBytes } from "../../src/cli/demo/known-bytes.ts";
import { fetchRange, fetchWhole, isTrue } from "./client.ts";
import { FakeClock } from "./fake-clock.ts";
import { latch } from "./latch.ts";
import * as lies from "./lies.ts";
import { startNginx } from "./nginx.ts";
import { type Lie, startOrigin } from "./origin.ts";
import { startRedis } from "./redis.ts";

t.test("startOrigin() answers honestly without a script, and logs what it was asked", async (t) => {
  const origin = await startOrigin();
  t.teardown(origin.close);
  const response = await fetchRange(`${origin.url}/1KB/a`, "10-19");
  t.equal(response.status, 206);
  t.strictSame(response.body, expectedBytes("/1KB/a", 10, 20));
  t.match(origin.log, [{ method: "GET", path: "/1KB/a", range: "bytes=10-19", ifMatch: undefined }]);
  t.equal(origin.bodyBytes(), 10);
});

t.test("startOrigin() tells every lie of lies.ts as the script says", async (t) => {
  const origin = await startOrigin();
  t.teardown(origin.close);
  const told = async (lie: Lie) => {
    origin.script = () => lie;
    return fetchRange(`${origin.url}/1KB/a`, "10-19");
  };
  t.match(await told(lies.unavailable(7)), { status: 503, headers: { "retry-after": "7" }, aborted: false });
  t.match(await told(lies.reset), { status: 0, aborted: true });
  t.match(await told(lies.cutAfter(4)), {
    status: 206,
    body: expectedBytes("/1KB/a", 10, 14),
    aborted: true,
  });
  t.equal((await told(lies.rangeIgnored)).body.length, 1000);
  t.match(await told(lies.chunked), { headers: { "transfer-encoding": "chunked" }, aborted: false });
  t.equal((await told(lies.withoutValidator)).headers.etag, undefined);
  t.equal((await told(lies.entityTag('W/"1"'))).headers.etag, 'W/"1"');
  t.equal((await told(lies.contentRange("bytes 0-9/*"))).headers["content-range"], "bytes 0-9/*");
  t.equal((await told(lies.contentCoding("gzip"))).headers["content-encoding"], "gzip");
  t.equal((await told(lies.multipart(Buffer.from("x"), "bytes 10-10/1000"))).status, 206);
  t.match(await told(lies.status(404)), { status: 404, aborted: false });
  t.match(await told({ raw: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" }), { body: Buffer.from("ok") });
});

t.test("a body longer than its Content-Length comes whole, and then more", async (t) => {
  const origin = await startOrigin(() => lies.followedBy(Buffer.from("more")));
  t.teardown(origin.close);
  const received = await new Promise<string>((resolve) => {
    const socket = connect(Number(new URL(origin.url).port), "127.0.0.1");
    socket.end("GET /5B/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk) => {
      text += chunk;
    });
    socket.once("close", () => resolve(text));
  });
  t.match(received, /content-length: 5\r\n/i);
  t.equal(received.split("\r\n\r\n")[1]?.length, 9);
});

t.test("stalls wait for their latch, in the head and in the body", async (t) => {
  const [head, body] = [latch(), latch()];
  const origin = await startOrigin((_request, index) =>
    index === 0 ? lies.headAfter(head.opened) : lies.stalledAfter(300, body.opened),
  );
  t.teardown(origin.close);
  const first = fetchWhole(`${origin.url}/1KB/a`);
  await origin.asked(1);
  head.open();
  t.equal(isTrue(await first, "/1KB/a"), true);
  const second = fetchWhole(`${origin.url}/1KB/a`);
  await origin.asked(2);
  body.open();
  t.equal((await second).body.length, 1000);
});

t.test("a stalled answer whose client has left goes nowhere, and the origin answers the next", async (t) => {
  const [stall, left] = [latch(), latch()];
  const origin = await startOrigin((_request, index) =>
    index === 0 ? lies.stalledAfter(300, stall.opened) : lies.honest,
  );
  t.teardown(origin.close);
  const sent = request(`${origin.url}/1KB/a`, { agent: false }, (response) => {
    response.once("data", () => sent.destroy()).once("error", () => left.open());
  });
  sent.end();
  await left.opened;
  stall.open();
  t.equal((await fetchWhole(`${origin.url}/1KB/a`)).body.length, 1000);
});

t.test("seededFaults() draws the same faults for the same seed, about 5, 3 and 3 in a hundred", async (t) => {
  const ranged = { range: "bytes=0-99999" } as Parameters<ReturnType<typeof lies.seededFaults>>[0];
  const draw = (seed: number) => {
    const script = lies.seededFaults(seed);
    return Array.from({ length: 10_000 }, (_, index) => script(ranged, index));
  };
  const drawn = draw(1);
  t.strictSame(draw(1), drawn);
  const share = (has: (lie: object) => boolean) => Math.round(drawn.filter((lie) => has(lie)).length / 100);
  t.equal(
    share((lie) => "status" in lie),
    5,
  );
  t.equal(
    share((lie) => "reset" in lie),
    3,
  );
  t.equal(
    share((lie) => "cutBytes" in lie),
    3,
  );
});

t.test("FakeClock wakes sleepers in order of time, and rejects one whose signal aborts", async (t) => {
  const clock = new FakeClock(0);
  const woken: string[] = [];
  void clock.sleep(20).then(() => woken.push(`b at ${clock.now()}`));
  void clock.sleep(10).then(async () => {
    woken.push(`a at ${clock.now()}`);
    await clock.sleep(5);
    woken.push(`a again at ${clock.now()}`);
  });
  await clock.asleep(2);
  await clock.advance(30);
  t.strictSame(woken, ["a at 10", "a again at 15", "b at 20"]);
  t.equal(clock.monotonicMs(), 30);
  clock.after(5, () => woken.push("never"))();
  clock.after(5, () => woken.push("after"));
  await clock.advance(5);
  t.strictSame(woken.slice(3), ["after"]);
  const stop = new AbortController();
  const sleep = clock.sleep(1, stop.signal);
  stop.abort(new Error("stopped"));
  await t.rejects(sleep, { message: "stopped" });
  t.strictSame(clock.sleepingMs, []);
});

t.test("startNginx() serves its folder", async (t) => {
  const nginx = await startNginx();
  t.teardown(nginx.stop);
  await writeFile(join(nginx.folder, "a"), expectedBytes("a", 0, 100_000));
  const response = await fetchRange(`${nginx.url}/a`, "50000-");
  t.equal(response.status, 206);
  t.equal(isTrue(response, "a", 50_000), true);
});

t.test("startRedis() answers PING, is silent while hung, and comes back empty on its port", async (t) => {
  const redis = await startRedis();
  t.teardown(redis.stop);
  const say = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(redis.port, "127.0.0.1");
      socket.write(text);
      socket.setEncoding("latin1").once("data", (answer: string) => resolve(socket.destroy() && answer));
    });
  t.equal(await say("SET a 1\r\n"), "+OK\r\n");
  redis.hang();
  const late = say("GET a\r\n");
  redis.goOn();
  t.equal(await late, "$1\r\n1\r\n");
  await redis.kill();
  await redis.restart();
  t.equal(await say("GET a\r\n"), "$-1\r\n");
});
