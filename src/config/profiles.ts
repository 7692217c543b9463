// Floor 6. The tuning profiles that come with the package, and where they lie.

import { fileURLToPath } from "node:url";

/** Known values of `profile`, the default first. */
export const profileNames: readonly [string, ...string[]] = [
  "balanced",
  "high-throughput",
  "low-memory",
  "latency-critical",
];

/** Absolute path of a known profile. `src/config` and `dist/config` lie equally deep under the package's root. */
export function profilePath(name: string): string {
  return fileURLToPath(new URL(`../../config/${name}.yaml`, import.meta.url));
}
