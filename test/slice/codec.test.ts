import t from "tap";
import { decodeEnvelope, encodeEnvelope } from "../../src/slice/codec.ts";

const name = '["http://example.com/ä","",…]#0';
const body = Buffer.from("the bytes of a slice");
const envelope = encodeEnvelope(name, [body.subarray(0, 4), body.subarray(4)]);

function whyNot(damaged: Buffer, expectedName = name): string | undefined {
  const decoded = decodeEnvelope(damaged, expectedName);
  return decoded.ok ? undefined : decoded.why;
}

function changedAt(at: number): Buffer {
  const copy = Buffer.from(envelope);
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

t.test("decodeEnvelope() gives back what encodeEnvelope() joined", async (t) => {
  t.strictSame(decodeEnvelope(envelope, name), { ok: true, body });
  t.strictSame(decodeEnvelope(encodeEnvelope(name, []), name), { ok: true, body: Buffer.alloc(0) });
  t.strictSame(decodeEnvelope(encodeEnvelope("", [body]), ""), { ok: true, body });
});

t.test("decodeEnvelope() refuses an envelope that was cut anywhere", async (t) => {
  for (let bytes = 0; bytes < envelope.length; bytes += 1) {
    t.type(whyNot(envelope.subarray(0, bytes)), "string", `${bytes} of ${envelope.length} bytes`);
  }
});

t.test("decodeEnvelope() refuses an envelope with any bit changed", async (t) => {
  for (let at = 0; at < envelope.length; at += 1) t.type(whyNot(changedAt(at)), "string", `byte ${at}`);
});

t.test("decodeEnvelope() says what is wrong", async (t) => {
  const total = envelope.length;
  t.equal(whyNot(envelope.subarray(0, 19)), "expected at least 20 bytes, got 19");
  t.equal(whyNot(changedAt(3)), "expected the magic of this version, got another");
  t.equal(whyNot(envelope.subarray(0, total - 1)), `expected ${total} bytes, got ${total - 1}`);
  t.equal(whyNot(Buffer.concat([envelope, Buffer.from("x")])), `expected ${total} bytes, got ${total + 1}`);
  t.equal(whyNot(changedAt(total - 1)), "the checksum does not match");
  t.equal(whyNot(envelope, "another"), "it belongs to another representation");
});

t.test("decodeEnvelope() does not take lengths beyond 2^53 for small ones", async (t) => {
  const huge = Buffer.from(envelope);
  huge.writeBigUInt64BE(2n ** 64n - 1n, 12);
  t.match(whyNot(huge), /^expected 18446744073709551\d+ bytes, got/);
});
