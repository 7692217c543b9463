// Floor 7. The bytes of a made-up representation: known at every position without being kept anywhere, cheap to
// send and to compare, and different wherever data from another place or another representation lands.

import { makeTable, placeOf, tileBytes } from "./tiles.ts";

const table = Buffer.from(makeTable().buffer);

/** The largest piece that starts at `position`, ends by `end` and lies in one tile: a view, not to be written to. */
export function pieceAt(name: string, position: number, end: number): Buffer {
  const place = placeOf(name, position);
  return table.subarray(place, place + Math.min(tileBytes - (position % tileBytes), end - position));
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
