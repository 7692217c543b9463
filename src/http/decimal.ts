// Floor 1. The only way this floor turns 1*DIGIT into a number: no sign, no point, no exponent, never NaN.

/** RFC 9111 §1.2.2: what a cache counts for any delta-seconds beyond 31 bits. */
export const DELTA_SECONDS_MAX: number = 2 ** 31;

/**
 * @param max what a greater number becomes
 * @returns undefined when `text` isn't one or more ASCII digits
 */
export function parseDecimal(text: string, max: number): number | undefined {
  return /^[0-9]+$/.test(text) ? Math.min(Number(text), max) : undefined;
}

/** Seconds, whole and not negative, saturated at {@link DELTA_SECONDS_MAX}; undefined when malformed. */
export function parseDeltaSeconds(text: string): number | undefined {
  return parseDecimal(text, DELTA_SECONDS_MAX);
}
