// Floor 6. A YAML text as a flat list of named values with their places. Knows no option.
// The only file that imports yaml.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  type YAMLError,
} from "yaml";
import { describe, type Entry } from "./settings.ts";

/** What a text holds; `problems` are whole message lines. */
export interface YamlText {
  readonly entries: readonly Entry[];
  readonly problems: readonly string[];
}

/**
 * Reads one YAML document whose root is a map; an empty text has no entries. Nested names are joined by dots.
 *
 * @param file what messages call the text
 */
export function readYaml(text: string, file: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}: `;
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return {
      entries: [],
      problems: faults.map((fault) => `${place(fault.pos[0])}YAML: ${faultText(fault)}`),
    };
  }
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return { entries: [], problems: [] };
  if (!isMap(root)) {
    const got = describe(plain(root, document));
    return { entries: [], problems: [`${place(root.range[0])}expected a map of options, got ${got}`] };
  }
  return { entries: [...flatten(root, "", document, place)], problems: [] };
}

/** The parser's own words, except where those speak to a programmer. */
function faultText({ code, message }: YAMLError): string {
  if (code === "DUPLICATE_KEY") return "expected each name once, got it again";
  if (code === "MULTIPLE_DOCS") return "expected one document, got several";
  return message;
}

function* flatten(
  map: ParsedNode & { items: { key: ParsedNode; value: ParsedNode | null }[] },
  prefix: string,
  document: Document,
  place: (offset: number) => string,
): Generator<Entry> {
  for (const { key, value } of map.items) {
    const written = prefix + String(plain(key, document));
    const node = value ?? key;
    if (isMap(node) && node.items.length > 0) yield* flatten(node, `${written}.`, document, place);
    else {
      yield {
        written,
        value: value === null || isMap(value) ? null : plain(value, document),
        namePlace: place(key.range[0]),
        valuePlace: place(node.range[0]),
      };
    }
  }
}

/** A scalar's value, or a list of them; anything deeper stays a node, which no option takes. */
function plain(node: unknown, document: Document): unknown {
  const target: unknown = isAlias(node) ? node.resolve(document) : node;
  if (isSeq<Node>(target)) return target.items.map((item) => (isScalar(item) ? item.value : item));
  return isScalar(target) ? target.value : target;
}
