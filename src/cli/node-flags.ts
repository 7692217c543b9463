// Floor 7. How Node is started for a proxy: `npm start` and the package's command say the same (a test compares).

/**
 * A small young generation: V8's default lets garbage lie until 157 MB of heap are full, which costs memory and, by the
 * caches that it sweeps through, CPU (measured with undici receiving: 8.6 GB through `balanced`, 9.3 against 6.8 CPU
 * seconds). One helper thread for the collector and the compiler: each has a malloc arena of its own (measured: 8 MB
 * less resident, no more CPU).
 */
export const nodeFlags: readonly string[] = ["--max-semi-space-size=4", "--v8-pool-size=1"];
