import { readFileSync } from "node:fs";
import t from "tap";
import { optionsTable } from "../../src/config/options-table.ts";
import { accepts, options } from "../../src/config/schema.ts";

t.test("README's table of options is the schema's, row by row", async (t) => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, section = ""] = /<!-- options -->\n(.*?)\n<!-- \/options -->/s.exec(readme) ?? [];
  t.strictSame(
    section.split("\n").filter((line) => line.startsWith("|")),
    optionsTable(),
  );
});

t.test("every option has a type and a sentence, and accepts its own default", async (t) => {
  const without = options.filter(({ type, sentence }) => type === "" || !sentence.endsWith("."));
  t.strictSame(without, []);
  const refused = options.filter((row) => row.default !== "" && !accepts(row.name, row.default));
  t.strictSame(refused, []);
  t.equal(accepts("nothing_of_this_name", 1), false);
});
