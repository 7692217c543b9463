// Floor 7. The bytes of a made-up representation: known at every position without being kept anywhere, cheap to
// send and to compare, and different wherever data from another place or another representation lands.
//
// A representation is a row of tiles of 64 KiB. Tile k is a window into one table of 128 KiB of seeded chance; the
// window starts at (seed of the name + 40503 k) mod 65536. 40503 is odd, so that no two tiles within 4 GiB are the
// same window. scenarios/large-files.ts repeats this formula in k6's own JavaScript.

import { seededRandom, seedOf } from "./seeded.ts";

export const tileBytes: number = 65_536;
const tileStride = 40_503;

const table = makeTable();

function makeTable(): Buffer {
  const random = seededRandom(1);
  return Buffer.alloc(2 * tileBytes).map(() => Math.floor(random() * 256)) as Buffer;
}

/** The largest piece that starts at `position`, ends by `end` and lies in one tile: a view, not to be written to. */
export function pieceAt(name: string, position: number, end: number): Buffer {
  const within = position % tileBytes;
  const tile = (position - within) / tileBytes;
  const window = ((seedOf(name) % tileBytes) + ((tile * tileStride) % tileBytes)) % tileBytes;
  return table.subarray(window + within, window + within + Math.min(tileBytes - within, end - position));
}

/** A copy of the bytes [start, end) of the representation `name`. */
export function expectedBytes(name: string, start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - start);
  for (let position = start; position < end; ) {
    position += pieceAt(name, position, end).copy(bytes, position - start);
  }
  return bytes;
}

/** Whether `chunk` is what the representation `name` holds from `position` on. */
export function verifyAt(name: string, position: number, chunk: Uint8Array): boolean {
  const end = position + chunk.length;
  for (let at = position; at < end; ) {
    const piece = pieceAt(name, at, end);
    if (piece.compare(chunk, at - position, at - position + piece.length) !== 0) return false;
    at += piece.length;
  }
  return true;
}
