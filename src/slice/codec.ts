// Floor 2. The envelope in which slices and stored responses lie in Redis: wrong in any way is a miss, never a byte.
//
//   0  4  magic "MDL1": layout and version
//   4  4  checksum (CRC-32) of everything behind it
//   8  4  length of the name
//  12  8  length of the body
//  20  …  name (UTF-8): representation and slice index, or cache key
//   …  …  body

import { crc32 } from "node:zlib";

const MAGIC = 0x4d444c31;
const HEAD_BYTES = 20;

/** @param body views in order; copied once, into the envelope */
export function encodeEnvelope(name: string, body: readonly Buffer[]): Buffer {
  const nameBytes = Buffer.from(name);
  const bodyBytes = body.reduce((sum, view) => sum + view.length, 0);
  const envelope = Buffer.allocUnsafe(HEAD_BYTES + nameBytes.length + bodyBytes);
  envelope.writeUInt32BE(MAGIC, 0);
  envelope.writeUInt32BE(nameBytes.length, 8);
  envelope.writeBigUInt64BE(BigInt(bodyBytes), 12);
  let at = HEAD_BYTES + nameBytes.copy(envelope, HEAD_BYTES);
  for (const view of body) at += view.copy(envelope, at);
  envelope.writeUInt32BE(crc32(envelope.subarray(8)), 4);
  return envelope;
}

export type Decoded =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly why: string };

/** @returns the body as a view of `envelope`, or what is wrong with it: the name must be the one expected */
export function decodeEnvelope(envelope: Buffer, name: string): Decoded {
  const wrong = (why: string): Decoded => ({ ok: false, why });
  if (envelope.length < HEAD_BYTES)
    return wrong(`expected at least ${HEAD_BYTES} bytes, got ${envelope.length}`);
  if (envelope.readUInt32BE(0) !== MAGIC) return wrong("expected the magic of this version, got another");
  const nameBytes = envelope.readUInt32BE(8);
  const totalBytes = BigInt(HEAD_BYTES + nameBytes) + envelope.readBigUInt64BE(12);
  if (totalBytes !== BigInt(envelope.length)) {
    return wrong(`expected ${totalBytes} bytes, got ${envelope.length}`);
  }
  if (envelope.readUInt32BE(4) !== crc32(envelope.subarray(8))) return wrong("the checksum does not match");
  if (envelope.toString("utf8", HEAD_BYTES, HEAD_BYTES + nameBytes) !== name) {
    return wrong("it belongs to another representation");
  }
  return { ok: true, body: envelope.subarray(HEAD_BYTES + nameBytes) };
}
