// The strict reader of response heads never throws and never takes long, and what it takes Node's own parser reads alike:
// status, field lines, body, and whether the connection stays.

import { deepStrictEqual } from "node:assert/strict";
import { Agent, type IncomingMessage, request } from "node:http";
import fc from "fast-check";
import t from "tap";
import { type PlainHead, readPlainHead } from "../../src/origin/response-head.ts";
import { type RawOrigin, startRawOrigin } from "../support/raw-origin.ts";

const latin1 = fc.nat(255).map((code) => String.fromCharCode(code));
const ows = fc.constantFrom("", " ", "\t", " \t ");
const name = fc.constantFrom(
  "X",
  "x-y",
  "ETag",
  "Connection",
  "Content-Length",
  "Keep-Alive",
  "!#$%&'*+.^_`|~",
);
const value = fc.oneof(
  fc.constantFrom("5", "05", "close", "keep-alive", "Close, x", '"a, close"', "timeout=5", ""),
  fc.string({ unit: latin1, maxLength: 8 }),
);
const line = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(name, ows, value, ows).map(([n, a, v, b]) => `${n}:${a}${v}${b}`) },
  { weight: 1, arbitrary: fc.string({ unit: latin1, maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("Transfer-Encoding: chunked", "Upgrade: h2c", " folded", "X : 1", ": 1"),
  },
);
const statusLine = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.integer({ min: 200, max: 599 }), fc.constantFrom("", " ", " OK", " \xe4 \t")),
  },
  { weight: 1, arbitrary: fc.tuple(fc.nat(1200), fc.string({ unit: latin1, maxLength: 6 })) },
);
/** Near to valid, with one length in most. */
const head = fc
  .tuple(statusLine, fc.array(line, { maxLength: 4 }), fc.boolean(), fc.array(line, { maxLength: 2 }))
  .map(([[status, reason], before, withLength, after]) =>
    [`HTTP/1.1 ${status}${reason}`, ...before, ...(withLength ? ["Content-Length: 5"] : []), ...after].join(
      "\r\n",
    ),
  );

t.test("readPlainHead() never throws, whatever the text", async () => {
  fc.assert(
    fc.property(fc.oneof(head, fc.string({ unit: latin1 })), (text) => void readPlainHead(text)),
    { numRuns: 2000 },
  );
});

t.test("readPlainHead() reads 60 KB of white space in no more than linear time", async (t) => {
  // 3 s each for a reader that is quadratic in it: the test would run into its limit.
  for (let times = 0; times < 100; times += 1) {
    t.equal(readPlainHead(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX:${" ".repeat(60_000)}\x01`), undefined);
  }
});

async function readByNode(agent: Agent, { url }: RawOrigin): Promise<PlainHead> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { agent }, resolve).on("error", reject).end();
  });
  let contentLength = 0;
  for await (const chunk of response) contentLength += chunk.length;
  const keepAlive = !response.headers.connection?.toLowerCase().includes("close");
  return { status: response.statusCode ?? 0, fields: response.rawHeaders, contentLength, keepAlive };
}

t.test("what readPlainHead() takes, Node's own client reads alike", async (t) => {
  const agent = new Agent();
  let text = "";
  let taken = 0;
  const origin = await startRawOrigin((socket) => {
    const bytes = readPlainHead(text)?.contentLength ?? 0;
    socket.end(`${text}\r\n\r\n${"b".repeat(bytes)}`, "latin1");
  });
  t.teardown(() => origin.close());
  const property = fc.asyncProperty(head, async (generated) => {
    text = generated;
    const plain = readPlainHead(text);
    // A quoted "close" is the one place where Node's own reading is of no use here.
    if (!plain || text.includes('"a, close"')) return;
    taken += 1;
    deepStrictEqual(await readByNode(agent, origin), plain);
  });
  await fc.assert(property, { numRuns: 400 });
  t.ok(taken > 5, `${taken} heads taken`);
});
