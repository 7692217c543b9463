// Broke: If-Range by date got the whole, and not the part, wherever the stored response had an entity tag as well.

import { flowTest } from "../flow/support/flow.ts";
import { hit, part, whole } from "../flow/support/shown.ts";

const path = "/1000B/a";
const modified = "Sun, 01 Mar 2026 08:00:00 GMT";

flowTest(
  "If-Range by a Last-Modified 60 s or more before Date holds beside an entity tag",
  {},
  async (t, flow) => {
    await flow.get(path);
    t.strictSame(await flow.get(path, "5-9", { "if-range": modified }), part(path, 5, 9, 1000, hit));
  },
);

flowTest(
  "If-Range by a Last-Modified 59 s before Date doesn't hold: it may name two versions",
  {},
  async (t, flow) => {
    flow.origin.script = () => ({ headers: { date: "Sun, 01 Mar 2026 08:00:59 GMT", age: "0" } });
    const config = { "if-range": modified };
    await flow.get(path);
    t.match(await flow.get(path, "5-9", config), { ...whole(path, 1000, ""), fields: {} });
  },
);
