// Ranges over a whole proxy: every form of them cold and hot, on a representation of 300 KiB (slices of 128, 128, 44).

import { flowTest, KiB, sliceBytes } from "./support/flow.ts";
import { hit, miss, missWhole, part, partial, unsatisfiable, whole } from "./support/shown.ts";

const path = "/300KiB/a";
const length = 300 * KiB;
const lastStart = 2 * sliceBytes;

interface Row {
  readonly says: string;
  readonly range: string;
  /** Positions answered, both inclusive; undefined for 416. */
  readonly answer: readonly [first: number, last: number] | undefined;
  readonly asked: readonly string[];
  /** Cache-Status of a cold one, where it isn't a miss that brought bytes. */
  readonly cold?: string;
}

const refused = "mandoline; fwd=uri-miss; fwd-status=416; stored=?0";
const get = (range: string, condition = " if-match") => `GET ${path} ${range}${condition}`;
const probe = (range: string) => get(range, "");

const rows: readonly Row[] = [
  { says: "the first byte", range: "0-0", answer: [0, 0], asked: [probe("0-65535")] },
  { says: "one page", range: "65536-131071", answer: [65536, 131071], asked: [probe("65536-131071")] },
  { says: "a slice", range: "131072-262143", answer: [131072, 262143], asked: [probe("131072-262143")] },
  { says: "one byte inside", range: "70000-70000", answer: [70000, 70000], asked: [probe("65536-131071")] },
  {
    says: "two bytes around a slice boundary",
    range: "131071-131072",
    answer: [131071, 131072],
    asked: [probe("65536-131071"), get("131072-196607")],
  },
  {
    says: "the last slice",
    range: `${lastStart}-${length - 1}`,
    answer: [lastStart, length - 1],
    asked: [probe("262144-327679")],
  },
  {
    says: "the last byte",
    range: `${length - 1}-${length - 1}`,
    answer: [length - 1, length - 1],
    asked: [probe("262144-327679")],
  },
  {
    says: "an open end in the last slice",
    range: "300000-",
    answer: [300000, length - 1],
    asked: [probe("262144-393215")],
  },
  {
    says: "an end past the end, clamped",
    range: "262144-999999",
    answer: [262144, length - 1],
    asked: [probe("262144-393215")],
  },
  {
    says: "a suffix",
    range: "-10",
    answer: [length - 10, length - 1],
    asked: [probe("0-65535"), get("262144-307199")],
  },
  {
    says: "a suffix longer than the representation",
    range: "-999999",
    answer: [0, length - 1],
    asked: [probe("0-65535"), get("65536-131071"), get("131072-262143"), get("262144-307199")],
  },
  {
    says: "the whole by a range",
    range: `0-${length - 1}`,
    answer: [0, length - 1],
    asked: [probe("0-131071"), get("131072-262143"), get("262144-307199")],
  },
  { says: "a start at the end", range: `${length}-`, answer: undefined, asked: [probe("262144-393215")] },
  {
    says: "a start far past the end",
    range: "9999999-",
    answer: undefined,
    asked: [probe("9961472-10092543")],
    cold: refused,
  },
  { says: "a suffix of nothing", range: "-0", answer: undefined, asked: [probe("0-65535")] },
];

for (const { says, range, answer, asked, cold = miss } of rows) {
  flowTest(`bytes=${range} of 300 KiB is ${says}, cold and then hot`, {}, async (t, flow) => {
    const expected = (status: string) =>
      answer ? part(path, ...answer, length, status) : unsatisfiable(length, status);
    t.strictSame(await flow.get(path, range), expected(cold));
    t.strictSame(flow.asked().toSorted(), [...asked].toSorted());
    if (!answer) return;
    t.strictSame(await flow.get(path, range), expected(hit));
    t.strictSame(flow.asked(), []);
  });
}

const ignored = ["bytes=5-2", "bytes=a-b", "bytes=", "bytes=-", "lines=1-2", "bytes 0-1", "bytes=0x1-2"];
for (const range of ignored) {
  flowTest(`Range: ${range} is ignored, and answered 200`, {}, async (t, { send, asked }) => {
    t.strictSame(await send("/1000B/a", { headers: { range } }), whole("/1000B/a", 1000, miss));
    t.strictSame(asked(), ["GET /1000B/a 0-131071"]);
  });
}

const lengths: readonly (readonly [says: string, length: number, asked: readonly string[]])[] = [
  ["of one byte", 1, ["0-131071"]],
  ["one byte shorter than a slice", sliceBytes - 1, ["0-131071"]],
  ["as long as a slice", sliceBytes, ["0-131071"]],
  ["one byte longer than a slice", sliceBytes + 1, ["0-131071", "131072-131072 if-match"]],
];
for (const [says, bytes, ranges] of lengths) {
  flowTest(`a representation ${says} (${bytes}) comes whole, cold and hot`, {}, async (t, { get, asked }) => {
    const name = `/${bytes}B/a`;
    t.strictSame(await get(name), whole(name, bytes, miss));
    t.strictSame(
      asked(),
      ranges.map((range) => `GET ${name} ${range}`),
    );
    t.strictSame(await get(name), whole(name, bytes, hit));
    t.strictSame(asked(), []);
  });
}

flowTest(
  "an empty representation refuses the probe's range, and comes whole all the same",
  {},
  async (t, flow) => {
    const bypass = 'mandoline; fwd=bypass; detail="a 416 to a satisfiable range"';
    t.strictSame(await flow.get("/0B/a"), whole("/0B/a", 0, bypass));
    t.strictSame(flow.asked(), ["GET /0B/a 0-131071", "GET /0B/a"]);
    t.match(await flow.get("/0B/a", "0-9"), {
      status: 416,
      fields: { "content-range": "bytes */0", "cache-status": bypass },
      body: "none",
    });
    t.strictSame(flow.asked(), ["GET /0B/a 0-9"], "what its parts are like is remembered");
  },
);

flowTest("an empty representation met by a plain GET is stored", {}, async (t, flow) => {
  const gzip = { "accept-encoding": "gzip" };
  t.strictSame(await flow.get("/0B/a", undefined, gzip), whole("/0B/a", 0, missWhole));
  t.strictSame(await flow.get("/0B/a"), whole("/0B/a", 0, hit));
  t.strictSame(await flow.get("/0B/a", "-1"), unsatisfiable(0, hit));
  t.strictSame(flow.asked(), ["GET /0B/a"]);
});

flowTest("a part, then its neighbour, then the whole: every page is fetched once", {}, async (t, flow) => {
  t.strictSame(await flow.get(path, "10-20"), part(path, 10, 20, length, miss));
  t.strictSame(await flow.get(path, "65536-65540"), part(path, 65536, 65540, length, partial));
  t.strictSame(await flow.get(path), whole(path, length, partial));
  t.strictSame(await flow.get(path, "100000-200000"), part(path, 100000, 200000, length, hit));
  t.strictSame(flow.asked(), [
    probe("0-65535"),
    get("65536-131071"),
    get("131072-262143"),
    get("262144-307199"),
  ]);
  t.equal(flow.origin.bodyBytes(), length);
});

flowTest("a read of 256 KiB in 64 MiB asks for its own pages and no more", {}, async (t, flow) => {
  const far = "/64MiB/a";
  const start = 40 * 1024 * KiB + 1;
  const all = 64 * 1024 * KiB;
  t.strictSame(
    await flow.get(far, `${start}-${start + 256 * KiB - 1}`),
    part(far, start, start + 256 * KiB - 1, all, miss),
  );
  t.equal(flow.origin.bodyBytes(), 320 * KiB);
});

flowTest(
  "HEAD with a Range is answered as without one, cold by the origin and hot by us",
  {},
  async (t, flow) => {
    const head = { method: "HEAD", headers: { range: "bytes=0-9" } };
    const expected = (status: string) => ({ ...whole(path, length, status), body: "none" });
    t.strictSame(await flow.send(path, head), expected('mandoline; fwd=bypass; detail="head-miss"'));
    await flow.get(path, "0-0");
    flow.asked();
    t.strictSame(await flow.send(path, head), expected(hit));
    t.strictSame(flow.asked(), []);
  },
);

flowTest("several ranges go to the origin as they came", {}, async (t, flow) => {
  const bypass = 'mandoline; fwd=bypass; detail="several-ranges"';
  t.strictSame(await flow.get("/1000B/a", "0-0,5-9"), whole("/1000B/a", 1000, bypass));
  t.strictSame(flow.asked(), ["GET /1000B/a 0-0,5-9"]);
});

const spellings: readonly (readonly [range: string, answer: readonly [number, number] | undefined])[] = [
  ["0-9,", [0, 9]],
  [",0-9", [0, 9]],
  [" 0-9", [0, 9]],
  ["5-99999999999999999999", [5, length - 1]],
  ["-99999999999999999999", [0, length - 1]],
  ["99999999999999999999-", undefined],
];
for (const [range, answer] of spellings) {
  flowTest(`hot, bytes=${range} is read as RFC 9110 has it`, {}, async (t, flow) => {
    await flow.get(path);
    flow.asked();
    const expected = answer ? part(path, ...answer, length, hit) : unsatisfiable(length, hit);
    t.strictSame(await flow.get(path, range), expected);
    t.strictSame(flow.asked(), []);
  });
}

flowTest("cold, a start beyond 2^53 is 416", {}, async (t, flow) => {
  const { status, fields } = await flow.get(path, "99999999999999999999-");
  t.equal(status, 416);
  t.equal(fields["content-range"], `bytes */${length}`);
});
