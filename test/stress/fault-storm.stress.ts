// Thousands of downloads from an origin that fails at random: hundreds of seeds, each a test of its own, replayable by
// `MANDOLINE_STRESS_SEED=n`. Whole or broken, but never a wrong byte, and almost always whole.

import t from "tap";
import { flowTest, KiB } from "../flow/support/flow.ts";
import { miss, whole } from "../flow/support/shown.ts";
import * as lies from "../support/lies.ts";

const MiB = 1024 * KiB;
const ROUNDS = 300;
const DOWNLOADS = 8;

const only = process.env.MANDOLINE_STRESS_SEED;
const seeds = only ? [Number(only)] : Array.from({ length: ROUNDS }, (_, at) => at + 1);
t.jobs = 1;

for (const seed of seeds) {
  flowTest(
    `seed ${seed}: ${DOWNLOADS} downloads of 2 MiB side by side with 5 % 503, 3 % resets, 3 % truncations`,
    { config: { memoryBytesMax: 16 * MiB }, script: lies.seededFaults(seed) },
    async (t, flow) => {
      const names = Array.from({ length: DOWNLOADS }, (_, at) => `/2MiB/s${seed}-${at}`);
      const answers = await Promise.all(names.map((name) => flow.get(name)));
      for (const [at, name] of names.entries()) t.strictSame(answers[at], whole(name, 2 * MiB, miss));
    },
  );
}
