// Floor 6. The README's table of options, from the schema. The README's own copy is held to it by a test.

import { options } from "./schema.ts";

/** The table's lines in Markdown, head first, one line an option, no line end. */
export function optionsTable(): string[] {
  return [
    "| Option | Type | Bare number | Range | Default | Meaning |",
    "|---|---|---|---|---|---|",
    ...options.map(({ name, type, unit, range, default: fallback, sentence }) => {
      const cells = [`\`${name}\``, type, unit, range, fallback && `\`${fallback}\``, sentence];
      return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    }),
  ];
}
