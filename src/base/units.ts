// Floor 0. Numbers that must not be mixed up carry a brand; everything else says its unit in its name.

declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]: Name };

/** Milliseconds since the Unix epoch, from a wall clock that may step. */
export type EpochMs = Branded<"EpochMs">;

/** Index of a slice on the grid of one representation: 0 is the slice that starts at byte 0. */
export type SliceIndex = Branded<"SliceIndex">;

export function epochMs(value: number): EpochMs {
  return value as EpochMs;
}

export function sliceIndex(value: number): SliceIndex {
  return value as SliceIndex;
}

export const KiB: number = 1024;
export const MiB: number = 1024 * KiB;
