// Broke: a private download larger than the memory budget stopped when the budget was full: its slices stayed pinned
// until its end.

import { flowTest, KiB } from "../flow/support/flow.ts";

const MiB = 1024 * KiB;
const bytes = 8 * MiB;

flowTest(
  "no-store: 8 MiB through a budget of 1 MiB come whole, and nothing stays",
  { config: { memoryBytesMax: MiB }, script: () => ({ headers: { "cache-control": "no-store" } }) },
  async (t, flow) => {
    const answer = await flow.get("/8MiB/a");
    t.match(answer, { status: 200, body: `0-${bytes - 1}`, aborted: false });
    t.equal(flow.origin.bodyBytes(), bytes);
  },
);

flowTest(
  "enable_cache: false: 8 MiB through a budget of 1 MiB come whole, and nothing stays",
  { config: { memoryBytesMax: MiB, enableCache: false } },
  async (t, flow) => {
    const answer = await flow.get("/8MiB/a");
    t.match(answer, { status: 200, body: `0-${bytes - 1}`, aborted: false });
    t.equal(flow.origin.bodyBytes(), bytes);
  },
);
