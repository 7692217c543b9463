// Floor 7. The rule behind known-bytes.ts, without Node: the k6 scenarios import it too.
//
// A representation is a row of tiles of 64 KiB. Tile k is a window into one table of 128 KiB of seeded chance; the
// window starts at (seed of the name + 40503 k) mod 65536. 40503 is odd, so that no two tiles within 4 GiB are the
// same window.

import { seededRandom, seedOf } from "./seeded.ts";

export const tileBytes: number = 65_536;
const tileStride = 40_503;

/** The table that every tile is a window into. */
export function makeTable(): Uint8Array<ArrayBuffer> {
  const random = seededRandom(1);
  return new Uint8Array(2 * tileBytes).map(() => Math.floor(random() * 256));
}

/** Where in the table the byte at `position` of the representation `name` is; so are those after it in its tile. */
export function placeOf(name: string, position: number): number {
  const within = position % tileBytes;
  const tile = (position - within) / tileBytes;
  return ((seedOf(name) + tile * tileStride) % tileBytes) + within;
}
