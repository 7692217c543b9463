import t from "tap";
import { type Exchange, type Storability, storability } from "../../src/http/storability.ts";

const PLAIN: Exchange = { method: "GET", status: 200, requestFields: [], responseFields: ["ETag", '"1"'] };

type Why = Extract<Storability, { store: false }>["why"];
const response = (...fields: string[]) => ({ responseFields: ["ETag", '"1"', ...fields] });
const control = (value: string) => response("Cache-Control", value);
const authorized = (value: string) => ({ ...control(value), requestFields: ["Authorization", "Basic eA=="] });

const cases: readonly (readonly [name: string, change: Partial<Exchange>, why: Why | undefined])[] = [
  ["a plain 200", {}, undefined],
  ["a 206", { status: 206 }, undefined],
  ["HEAD", { method: "HEAD" }, "method"],
  ["POST", { method: "POST" }, "method"],
  ["201", { status: 201 }, "status"],
  ["304", { status: 304 }, "status"],
  ["404 with a lifetime", { status: 404, ...control("max-age=60") }, "status"],
  ["no-store asked", { requestFields: ["cache-control", "no-store"] }, "no-store"],
  ["no-store answered", control("max-age=60, no-store"), "no-store"],
  ["no-store with must-understand", control("must-understand, no-store"), undefined],
  [
    "no-store asked, must-understand answered",
    { ...control("must-understand"), requestFields: ["cache-control", "no-store"] },
    "no-store",
  ],
  ["private", control("private, max-age=60"), "private"],
  ["private beside public", control("public, private"), "private"],
  ["private with names", control('private="x-user"'), "private"],
  ["no-cache with a validator", control("no-cache"), undefined],
  ["authorization", authorized("max-age=60"), "authorization"],
  ["authorization and public", authorized("public"), undefined],
  ["authorization and s-maxage", authorized("s-maxage=0"), undefined],
  ["authorization and must-revalidate", authorized("must-revalidate"), undefined],
  ["authorization and proxy-revalidate", authorized("proxy-revalidate"), "authorization"],
  [
    "Set-Cookie, whatever the rest says",
    response("Set-Cookie", "a=b", "Cache-Control", "public"),
    "set-cookie",
  ],
  ["Vary with names", response("Vary", "Accept, Origin"), undefined],
  ["Vary *", response("Vary", "*"), "vary"],
  ["Vary * among names", response("Vary", "Accept", "vary", "Origin, *"), "vary"],
  ["no validator, nothing said", { responseFields: [] }, undefined],
  ["no validator, max-age", { responseFields: ["Cache-Control", "max-age=1"] }, undefined],
  ["no validator, max-age=0", { responseFields: ["Cache-Control", "max-age=0"] }, "no-lifetime"],
  ["no validator, no-cache", { responseFields: ["Cache-Control", "no-cache"] }, "no-lifetime"],
  ["no validator, Expires: 0", { responseFields: ["Expires", "0"] }, "no-lifetime"],
  [
    "Last-Modified, max-age=0",
    { responseFields: ["Last-Modified", "x", "Cache-Control", "max-age=0"] },
    undefined,
  ],
];
for (const [name, change, why] of cases) {
  t.test(`storability() of ${name}: ${why ?? "stored"}`, async (t) => {
    t.strictSame(
      storability({ ...PLAIN, ...change }),
      why === undefined ? { store: true } : { store: false, why },
    );
  });
}
