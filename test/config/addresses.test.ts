import t from "tap";
import { formatHostPort, parseHostPort, parseOrigin, parseRedis } from "../../src/config/addresses.ts";

t.test("parseHostPort() wants a host and a port from 0 to 65535; IPv6 stands in brackets", async (t) => {
  const table: [string, ReturnType<typeof parseHostPort>][] = [
    ["127.0.0.1:8080", { host: "127.0.0.1", port: 8080 }],
    ["localhost:0", { host: "localhost", port: 0 }],
    ["[::1]:65535", { host: "::1", port: 65535 }],
    ["localhost:65536", undefined],
    ["localhost", undefined],
    [":8080", undefined],
    ["8080", undefined],
    ["::1:8080", undefined],
    ["http://localhost:8080", undefined],
    ["localhost:80 ", undefined],
    ["localhost:-1", undefined],
  ];
  t.strictSame(
    table.map(([text]) => [text, parseHostPort(text)]),
    table,
  );
});

t.test("formatHostPort() is the inverse of parseHostPort()", async (t) => {
  const texts = ["127.0.0.1:8080", "localhost:0", "[::1]:65535"];
  t.strictSame(
    texts.map((text) => formatHostPort(parseHostPort(text) ?? { host: "", port: -1 })),
    texts,
  );
});

t.test("parseOrigin() takes http, https and HOST:PORT, and drops the slash at the end", async (t) => {
  const table: [string, string | undefined][] = [
    ["http://origin.example", "http://origin.example"],
    ["http://origin.example/", "http://origin.example"],
    ["https://origin.example:8443/base/dir/", "https://origin.example:8443/base/dir"],
    ["http://[::1]:9000", "http://[::1]:9000"],
    ["127.0.0.1:9000", "http://127.0.0.1:9000"],
    ["localhost:9000", "http://localhost:9000"],
    ["http://user:secret@origin.example", undefined],
    ["http://origin.example/?a=1", undefined],
    ["http://origin.example/#top", undefined],
    ["ftp://origin.example", undefined],
    ["http://", undefined],
    ["http://a b", undefined],
    ["", undefined],
  ];
  t.strictSame(
    table.map(([text]) => [text, parseOrigin(text)]),
    table,
  );
});

t.test("parseRedis() takes redis:// and rediss:// with a host, as it stands", async (t) => {
  const table: [string, string | undefined][] = [
    ["redis://127.0.0.1:6379", "redis://127.0.0.1:6379"],
    ["rediss://user:secret@cache.example/2", "rediss://user:secret@cache.example/2"],
    ["redis://", undefined],
    ["127.0.0.1:6379", undefined],
    ["http://127.0.0.1:6379", undefined],
  ];
  t.strictSame(
    table.map(([text]) => [text, parseRedis(text)]),
    table,
  );
});
