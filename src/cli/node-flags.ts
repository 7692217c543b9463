// Floor 7. How Node is started for a proxy: `npm start` and the package's command say the same.

/**
 * A small young generation. Received chunks are garbage as soon as they are copied into pages; V8's default lets them
 * lie until 157 MB of heap are full, which costs memory and, by the caches that it sweeps through, a quarter of the
 * CPU of a cold download (measured: 8.6 GB through `balanced`, 9.3 against 6.8 CPU seconds).
 */
export const nodeFlags: readonly string[] = ["--max-semi-space-size=4"];
