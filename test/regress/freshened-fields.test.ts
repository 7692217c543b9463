// Broke: the Accept-Ranges of a 304 was stored beside the one that we write: clients got `Accept-Ranges: bytes, bytes`.

import { flowTest } from "../flow/support/flow.ts";
import { hit, whole } from "../flow/support/shown.ts";

const path = "/1000B/a";

flowTest("a 304 with Accept-Ranges, Age and Cache-Status leaves one of each", {}, async (t, flow) => {
  flow.origin.script = () => ({ headers: { age: "9999", "cache-status": "far; hit" } });
  await flow.get(path);
  flow.origin.script = () => ({ headers: { age: "5", "cache-status": "far; hit" } });
  const revalidated = "mandoline; fwd=stale; fwd-status=304; stored";
  t.strictSame(await flow.get(path), whole(path, 1000, revalidated));
  t.strictSame(await flow.get(path), whole(path, 1000, hit));
  t.strictSame(flow.asked(), [`GET ${path} 0-131071`, `GET ${path} 0-131071 if-none-match`]);
});
