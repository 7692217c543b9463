// The flags of Node stand in three places, because a shebang and package.json can't import.

import { readFile } from "node:fs/promises";
import t from "tap";
import { nodeFlags } from "../../src/cli/node-flags.ts";

const flags = nodeFlags.join(" ");
const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

t.test("npm start and npm run mandoline start Node with the flags", async (t) => {
  const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
  t.equal(scripts.start, `exec node ${flags} dist/main.js serve`);
  t.equal(scripts.mandoline, `exec node ${flags} dist/main.js`);
});

t.test("so does the package's command", async (t) => {
  const [first] = (await read("src/main.ts")).split("\n");
  t.equal(first, `#!/usr/bin/env -S node ${flags}`);
});
