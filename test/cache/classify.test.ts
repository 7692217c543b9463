import t from "tap";
import { type Classified, cacheKeyOf, classify } from "../../src/cache/classify.ts";
import type { ClientRequest } from "../../src/cache/request.ts";

function requestOf(fields: readonly string[] = [], more: Partial<ClientRequest> = {}): ClientRequest {
  return { method: "GET", target: "/a.bin?x=1", scheme: "http", host: "example.com", fields, ...more };
}

const key = "http://example.com/a.bin?x=1";
const none = (): boolean => false;

function slices(probe: "ranged" | "plain", range?: object): Classified {
  return { kind: "slices", cacheKey: key, range: range as undefined, probe };
}

t.test("classify(): what slices do not apply to, and why", async (t) => {
  const rows: readonly [request: ClientRequest, why: string][] = [
    ...["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE", "get"].map(
      (method): [ClientRequest, string] => [requestOf([], { method }), "method"],
    ),
    [requestOf(["Content-Length", "5"]), "request-body"],
    [requestOf(["Transfer-Encoding", "chunked"]), "request-body"],
    [requestOf(["Content-Length", "5"], { method: "HEAD" }), "request-body"],
    [requestOf(["Range", "bytes=0-1,5-6"]), "several-ranges"],
  ];
  for (const [request, why] of rows) {
    t.strictSame(
      classify(request, none),
      { kind: "passthrough", why },
      `${request.method} ${request.fields}`,
    );
  }
});

t.test("classify(): one range, none, and what counts as none", async (t) => {
  const rows: readonly [fields: readonly string[], range: object | undefined][] = [
    [[], undefined],
    [["Range", "bytes=0-9"], { kind: "from-to", start: 0, last: 9 }],
    [["Range", "bytes=5-"], { kind: "from", start: 5 }],
    [["Range", "bytes=-5"], { kind: "suffix", lengthBytes: 5 }],
    [["range", "bytes=0-9"], { kind: "from-to", start: 0, last: 9 }],
    [["Range", "bytes=9-0"], undefined],
    [["Range", "lines=0-9"], undefined],
    [["Range", "bytes=0-9", "Range", "bytes=0-9"], undefined],
    [["Content-Length", "0"], undefined],
  ];
  for (const [fields, range] of rows) {
    t.strictSame(classify(requestOf(fields), none), slices("ranged", range), fields.join(" "));
  }
});

t.test("classify() ignores a Range on HEAD", async (t) => {
  const head = requestOf(["Range", "bytes=0-9"], { method: "HEAD" });
  t.strictSame(classify(head, none), slices("ranged"));
});

t.test(
  "classify() probes plainly only where a coding is welcome and nothing speaks for a range",
  async (t) => {
    const gzip = ["Accept-Encoding", "gzip"];
    const isSlicePath = (path: string) => path === "/a.bin";
    t.strictSame(classify(requestOf(gzip), none), slices("plain"));
    t.strictSame(classify(requestOf(gzip), isSlicePath), slices("ranged"), "the path without its query");
    t.strictSame(
      classify(requestOf([...gzip, "Range", "bytes=0-9"]), none),
      slices("ranged", { kind: "from-to", start: 0, last: 9 }),
    );
    t.strictSame(classify(requestOf(["Accept-Encoding", "identity"]), none), slices("ranged"));
  },
);

t.test("cacheKeyOf() tells apart scheme, host, path and query", async (t) => {
  const all = [
    requestOf(),
    requestOf([], { scheme: "https" }),
    requestOf([], { host: "example.com:8080" }),
    requestOf([], { target: "/a.bin" }),
    requestOf([], { target: "/a.bin?x=2" }),
    requestOf([], { target: "/A.bin?x=1" }),
  ].map(cacheKeyOf);
  t.equal(all[0], key);
  t.equal(new Set(all).size, all.length);
});
