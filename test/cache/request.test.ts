import t from "tap";
import { acceptsCodings, type ClientRequest, forwardFields } from "../../src/cache/request.ts";

function requestOf(fields: readonly string[]): ClientRequest {
  return { method: "GET", target: "/a", scheme: "http", host: "example.com", fields };
}

const own = ["Host", "origin:8000", "Via", "1.1 mandoline"];

t.test("forwardFields() passes on what is end-to-end, in order and as it was written", async (t) => {
  const fields = ["X-B", "1", "x-a", "2", "X-B", "3", "Authorization", "Basic abc", "Cookie", "a=b"];
  t.strictSame(forwardFields(requestOf(fields), "plain", "origin:8000"), [...fields, ...own]);
});

t.test("forwardFields() keeps back each field that is ours to set, or the next hop's only", async (t) => {
  const names = [
    "Host",
    "Range",
    "If-Range",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "Content-Length",
    "Expect",
    "X-Forwarded-Host",
    "Connection",
    "Keep-Alive",
    "Proxy-Authorization",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
  ];
  for (const name of names) {
    for (const written of [name, name.toUpperCase()]) {
      t.strictSame(forwardFields(requestOf([written, "0"]), "plain", "origin:8000"), own, written);
    }
  }
});

t.test("forwardFields() keeps back what Connection names", async (t) => {
  const fields = ["Connection", "X-Hop, close", "X-Hop", "1", "X-End", "2"];
  t.strictSame(forwardFields(requestOf(fields), "plain", "origin:8000"), ["X-End", "2", ...own]);
});

t.test(
  "forwardFields() asks for identity with a ranged probe, for the client's codings with a plain one",
  async (t) => {
    const request = requestOf(["Accept-Encoding", "gzip, br"]);
    t.strictSame(forwardFields(request, "ranged", "origin:8000"), [...own, "Accept-Encoding", "identity"]);
    t.strictSame(forwardFields(request, "plain", "origin:8000"), ["Accept-Encoding", "gzip, br", ...own]);
  },
);

t.test("acceptsCodings() is whether any coding but identity would be welcome", async (t) => {
  const rows: readonly [value: string | undefined, accepts: boolean][] = [
    [undefined, false],
    ["", false],
    ["identity", false],
    ["IDENTITY;q=1", false],
    ["gzip", true],
    ["gzip;q=0", false],
    ["gzip; Q=0.000", false],
    ["gzip;q=0.001", true],
    ["gzip;q=0, br", true],
    ["*", true],
    ["*;q=0", false],
    ["identity, gzip;q=0", false],
  ];
  for (const [value, accepts] of rows) {
    t.equal(acceptsCodings(value === undefined ? [] : ["Accept-Encoding", value]), accepts, value ?? "none");
  }
});
