// Floor 0. Assertions are for our own bugs; the world's faults are errors of other codes.

import { MandolineError } from "./errors.ts";

/** @throws INVARIANT with what was expected, when `condition` does not hold */
export function assert(
  condition: boolean,
  expected: string,
  facts?: Readonly<Record<string, unknown>>,
): asserts condition {
  if (!condition) {
    throw new MandolineError("INVARIANT", `Broken invariant: expected that ${expected}`, {
      source: "self",
      ...(facts && { facts }),
    });
  }
}
