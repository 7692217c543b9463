import t from "tap";
import {
  endToEnd,
  fieldValue,
  fieldValues,
  listMembers,
  trimOws,
  withoutFields,
} from "../../src/http/fields.ts";

const LINES: readonly string[] = ["Accept", " a ", "X-One", "1", "ACCEPT", "b\t", "x-empty", ""];

t.test("fieldValues() finds every line in any case, in order, trimmed", async (t) => {
  t.strictSame(fieldValues(LINES, "accept"), ["a", "b"]);
  t.strictSame(fieldValues(LINES, "Accept"), ["a", "b"]);
  t.strictSame(fieldValues(LINES, "x-empty"), [""]);
  t.strictSame(fieldValues(LINES, "a"), [], "a value isn't taken for a name");
  t.strictSame(fieldValues([], "accept"), []);
});

t.test("fieldValue() joins lines, tells empty from absent", async (t) => {
  t.equal(fieldValue(LINES, "accept"), "a, b");
  t.equal(fieldValue(LINES, "x-one"), "1");
  t.equal(fieldValue(LINES, "x-empty"), "");
  t.equal(fieldValue(LINES, "x-none"), undefined);
});

t.test("withoutFields() drops names in any case and keeps the rest as it is", async (t) => {
  t.strictSame(withoutFields(LINES, new Set(["accept"])), ["X-One", "1", "x-empty", ""]);
  t.strictSame(withoutFields(LINES, new Set()), LINES);
});

t.test("endToEnd() drops every hop-by-hop field and what any Connection line names", async (t) => {
  const lines = [
    ["Host", "a"],
    ["Connection", "X-Hop, close"],
    ["Keep-Alive", "timeout=5"],
    ["Proxy-Connection", "keep-alive"],
    ["Proxy-Authenticate", "Basic"],
    ["Proxy-Authorization", "Basic eA=="],
    ["Proxy-Authentication-Info", "x"],
    ["TE", "trailers"],
    ["Trailer", "Expires"],
    ["Transfer-Encoding", "chunked"],
    ["Upgrade", "websocket"],
    ["x-hop", "1"],
    ["connection", "x-other"],
    ["X-Other", "2"],
    ["Content-Length", "3"],
    ["Close", "a field named like the option goes too"],
  ].flat();
  t.strictSame(endToEnd(lines), ["Host", "a", "Content-Length", "3"]);
});

const lists: readonly (readonly [name: string, value: string, members: readonly string[]])[] = [
  ["no member", "", []],
  ["empty members only", " ,\t, ", []],
  ["members with white space", " a ,b\t,c d", ["a", "b", "c d"]],
  ["a comma in a quoted string", 'a="b,c",d', ['a="b,c"', "d"]],
  ["an escaped quote in a quoted string", 'a="b\\",c",d', ['a="b\\",c"', "d"]],
  ["two quoted strings in a member", '"a,b""c,d",e', ['"a,b""c,d"', "e"]],
  ["a quoted string that isn't closed", 'a,"b,c', ["a", '"b,c']],
  ["an escape at the very end", '"a\\', ['"a\\']],
];
for (const [name, value, members] of lists) {
  t.test(`listMembers() of ${name} (${value})`, async (t) => {
    t.strictSame(listMembers(value), members);
  });
}

t.test("trimOws() takes spaces and tabs, no other white space", async (t) => {
  t.equal(trimOws(" \t a b\t "), "a b");
  t.equal(trimOws(" \t "), "");
  t.equal(trimOws("\xa0a\n"), "\xa0a\n");
});
