// The program as a person runs it: refusals to start, readiness, draining, its signals.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { verifyAt } from "../../src/cli/demo/known-bytes.ts";
import { freePort } from "../support/child-server.ts";
import { fetchWhole } from "../support/client.ts";
import { latch } from "../support/latch.ts";
import * as lies from "../support/lies.ts";
import { startOrigin } from "../support/origin.ts";
import { flowTest, KiB } from "./support/flow.ts";
import { rawClient } from "./support/raw-client.ts";

const root = join(import.meta.dirname, "../..");

interface Program {
  readonly child: ChildProcess;
  /** Resolves when its output so far has `text`. */
  said(text: string): Promise<void>;
  /** Exit code and everything it wrote. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

function run(t: Test, command: string, args: readonly string[]): Program {
  // Without what the test runner loads into every child: the program starts as a person starts it.
  const clean = ["-u", "NODE_OPTIONS", command, ...args];
  const child = spawn("env", clean, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  t.teardown(() => child.kill("SIGKILL"));
  let output = "";
  let heard = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      heard();
    });
  }
  const ended = once(child, "close").then(([code]) => {
    heard();
    return { code: code as number | null, output };
  });
  return {
    child,
    ended,
    async said(text) {
      while (!output.includes(text)) {
        if (child.exitCode !== null) throw new Error(`Expected ${text}, but it ended: ${output}`);
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      }
    },
  };
}

const mandoline = (t: Test, ...args: string[]) => run(t, process.execPath, ["src/main.ts", ...args]);
const serve = (t: Test, ...args: string[]) => mandoline(t, "serve", "--admin", "127.0.0.1:0", ...args);

t.test("a bad configuration file is told by line and column, with exit code 2", async (t) => {
  const file = join(t.testdir({}), "bad.yaml");
  await writeFile(file, "origin: http://127.0.0.1:1\nslice_size: 1 parsec\nmax_retrys: 3\n");
  const { code, output } = await serve(t, "--config", file).ended;
  t.equal(code, 2);
  t.match(output, `${file}:2:13: slice_size: expected`);
  t.match(output, `${file}:3:1: max_retrys: `);
});

t.test("no origin is told, with exit code 2", async (t) => {
  const { code, output } = await serve(t).ended;
  t.equal(code, 2);
  t.match(output, "mandoline: origin: expected the URL of the origin");
});

t.test("an unknown flag is told, with exit code 2", async (t) => {
  const { code, output } = await serve(t, "--orign", "http://127.0.0.1:1").ended;
  t.equal(code, 2);
  t.match(output, "unknown option '--orign'");
});

for (const flag of ["--listen", "--admin"]) {
  t.test(`a taken port for ${flag} is told, with exit code 2`, async (t) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    t.teardown(() => taken.close());
    const { port } = taken.address() as AddressInfo;
    const free = flag === "--listen" ? [] : ["--listen", "127.0.0.1:0"];
    const { code, output } = await serve(
      t,
      "--origin",
      "http://127.0.0.1:1",
      ...free,
      flag,
      `127.0.0.1:${port}`,
    ).ended;
    t.equal(code, 2);
    t.match(output, `mandoline: Listening on 127.0.0.1:${port} for `);
    t.match(output, "expected a free port, got one that is taken");
  });
}

const starts: readonly (readonly [says: string, start: (t: Test, args: string[]) => Program])[] = [
  ["the program", (t, args) => mandoline(t, "serve", ...args)],
  ["npm start", (t, args) => run(t, "npm", ["start", "--", ...args])],
];
for (const [says, start] of starts) {
  t.test(`SIGTERM to ${says}: a running download ends whole, no new connection, exit code 0`, async (t) => {
    const holding = latch();
    const origin = await startOrigin((_, index) =>
      index === 0 ? lies.honest : lies.headAfter(holding.opened),
    );
    t.teardown(origin.close);
    const [data, admin] = [await freePort(), await freePort()];
    const listening = ["--listen", `127.0.0.1:${data}`, "--admin", `127.0.0.1:${admin}`];
    const program = start(t, ["--origin", origin.url, ...listening]);
    await program.said("listening");
    const [response] = (await once(get(`http://127.0.0.1:${data}/4MiB/a`), "response")) as [IncomingMessage];
    const body = response.toArray();
    await origin.asked(2);
    program.child.kill("SIGTERM");
    await program.said("draining");
    t.match(await fetchWhole(`http://127.0.0.1:${data}/4MiB/a`), { status: 0, aborted: true });
    const ready = await fetchWhole(`http://127.0.0.1:${admin}/readyz`);
    t.strictSame([ready.status, String(ready.body)], [503, "draining\n"]);
    holding.open();
    const bytes = Buffer.concat(await body);
    t.strictSame([bytes.length, verifyAt("/4MiB/a", 0, bytes)], [4096 * KiB, true]);
    t.equal((await program.ended).code, 0);
  });
}

flowTest(
  "draining: an idle connection is closed, a busy one is answered and then closed",
  {},
  async (t, flow) => {
    const holding = latch();
    flow.origin.script = (_, index) => (index === 0 ? {} : lies.headAfter(holding.opened));
    const { port } = flow.proxy.data;
    const [idle, busy] = [await rawClient(port), await rawClient(port)];
    const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    idle.write(ask("/1000B/a"));
    await idle.answer();
    busy.write(ask("/1000B/b"));
    await flow.origin.asked(2);
    const drained = flow.proxy.drain(5000);
    t.equal(await idle.closed(), "");
    holding.open();
    const { status, body } = await busy.answer();
    t.strictSame([status, body.length], [200, 1000]);
    t.equal(await busy.closed(), "");
    t.equal(await drained, true);
  },
);

flowTest("draining that takes longer than its grace says so", {}, async (t, flow) => {
  const holding = latch();
  flow.origin.script = () => lies.headAfter(holding.opened);
  const answer = flow.get("/1000B/a");
  await flow.origin.asked(1);
  t.equal(await flow.proxy.drain(10), false);
  holding.open();
  t.match(await answer, { status: 200, body: "0-999" });
});

flowTest("the admin port: health, readiness, metrics, status, and nothing else", {}, async (t, flow) => {
  const admin = (path: string, method = "GET") =>
    fetchWhole(`http://127.0.0.1:${flow.proxy.admin.port}${path}`, { method });
  await flow.get("/1000B/a");
  t.match(await admin("/healthz"), { status: 200, body: Buffer.from("ok\n") });
  t.match(await admin("/readyz"), { status: 200, body: Buffer.from("ready\n") });
  const metrics = String((await admin("/metrics")).body);
  t.match(metrics, 'mandoline_requests_total{outcome="miss"} 1');
  t.match(metrics, "mandoline_client_sent_bytes_total 1000");
  t.match(metrics, 'mandoline_received_bytes_total{from="origin"} 1000');
  const status = JSON.parse(String((await admin("/status")).body));
  t.match(status, { state: "ready", requestsInFlight: 0, memory: { slices: 1, storedResponses: 1 } });
  t.match(await admin("/other"), { status: 404 });
  t.match(await admin("/status", "POST"), { status: 405, headers: { allow: "GET, HEAD" } });
});
