// What holds of floor 1 for every input: formatting and parsing are inverse, resolved ranges lie in the
// representation, and no text of a client or an origin makes a parser throw.

import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { epochMs } from "../../src/base/units.ts";
import { type ByteRange, byteRange, intersect } from "../../src/http/byte-range.ts";
import { parseCacheControl } from "../../src/http/cache-control.ts";
import { formatCacheStatus } from "../../src/http/cache-status.ts";
import { formatContentRange, formatUnsatisfied, parseContentRange } from "../../src/http/content-range.ts";
import { formatEntityTag, parseEntityTag, parseEntityTagList } from "../../src/http/entity-tag.ts";
import { endToEnd, fieldValue, listMembers } from "../../src/http/fields.ts";
import { freshnessLifetimeMs, initialAgeMs } from "../../src/http/freshness.ts";
import { formatHttpDate, parseHttpDate } from "../../src/http/http-date.ts";
import { evaluatePreconditions, ifRangeHolds } from "../../src/http/precondition.ts";
import { formatRange, parseRange, type RangeSpec, resolveRange } from "../../src/http/range-header.ts";
import { storability } from "../../src/http/storability.ts";
import { variantKey, varyNames } from "../../src/http/vary.ts";

const YEAR_9999_MS = Date.UTC(9999, 11, 31, 23, 59, 59);
const now = epochMs(Date.UTC(2026, 10, 15));

const position = fc.oneof(fc.maxSafeNat(), fc.nat(300));
const range = fc
  .tuple(position, position)
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => byteRange(Math.min(a, b), Math.max(a, b)));
const spec: fc.Arbitrary<RangeSpec> = fc.oneof(
  range.map(({ start, end }): RangeSpec => ({ kind: "from-to", start, last: end - 1 })),
  position.map((start): RangeSpec => ({ kind: "from", start })),
  position.map((lengthBytes): RangeSpec => ({ kind: "suffix", lengthBytes })),
);
const latin1 = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)) });
const opaque = fc.string({
  unit: fc
    .nat(255)
    .map((code) => String.fromCharCode(code))
    .filter((character) => /[\x21\x23-\x7e\x80-\xff]/.test(character)),
});
const entityTag = fc.record({ weak: fc.boolean(), opaque }, { noNullPrototype: true });

/** Text made of what the grammars are made of, so that it comes near to valid far more often than noise does. */
const nearlyValid = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "bytes",
        "=",
        "-",
        ",",
        " ",
        "\t",
        '"',
        "\\",
        "W/",
        "*",
        "/",
        ";",
        "q=1",
        "max-age",
        "no-cache",
      ),
      fc.constantFrom(
        "private",
        "max-stale",
        "Sun, ",
        "06 Nov 1994 ",
        "08:49:37",
        " GMT",
        "Sunday, 06-Nov-94 ",
      ),
      fc.nat(99).map(String),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));
const anyText = fc.oneof(nearlyValid, latin1, fc.string({ unit: "binary" }));

function written(one: RangeSpec): string {
  if (one.kind === "from-to") return `${one.start}-${one.last}`;
  return one.kind === "from" ? `${one.start}-` : `-${one.lengthBytes}`;
}

t.test("parseRange() is the inverse of writing, with white space and empty members between", async () => {
  const separator = fc.constantFrom(",", ", ", " ,\t", ",,");
  fc.assert(
    fc.property(fc.array(spec, { minLength: 1, maxLength: 64 }), separator, (specs, between) => {
      const parsed = parseRange(`bytes=${specs.map(written).join(between)}`);
      deepStrictEqual(parsed, { kind: "bytes", specs });
    }),
  );
});

t.test("formatRange() asks for exactly the range that resolveRange() gives back", async () => {
  fc.assert(
    fc.property(range, (one) => {
      const parsed = parseRange(formatRange(one));
      const resolved = parsed.kind === "bytes" && resolveRange(parsed.specs, Number.MAX_SAFE_INTEGER);
      deepStrictEqual(resolved, { kind: "satisfiable", ranges: [one] });
    }),
  );
});

t.test(
  "resolveRange() stays inside the representation, holds no empty range and exactly the bytes asked",
  async () => {
    const asks = (one: RangeSpec, at: number, length: number): boolean => {
      if (one.kind === "suffix") return at >= length - one.lengthBytes;
      return at >= one.start && (one.kind === "from" || at <= one.last);
    };
    const smallSpec = fc.oneof(
      fc
        .tuple(fc.nat(40), fc.nat(40))
        .map(([a, b]): RangeSpec => ({ kind: "from-to", start: a, last: a + b })),
      fc.nat(40).map((start): RangeSpec => ({ kind: "from", start })),
      fc.nat(40).map((lengthBytes): RangeSpec => ({ kind: "suffix", lengthBytes })),
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(smallSpec, spec), { minLength: 1, maxLength: 5 }),
        fc.nat(32),
        (specs, length) => {
          const resolved = resolveRange(specs, length);
          const ranges: readonly ByteRange[] = resolved.kind === "satisfiable" ? resolved.ranges : [];
          const inside = ranges.every(({ start, end }) => 0 <= start && start < end && end <= length);
          const exact = Array.from({ length }, (_, at) => at).every(
            (at) =>
              specs.some((one) => asks(one, at, length)) === ranges.some((r) => r.start <= at && at < r.end),
          );
          return inside && exact && (resolved.kind === "satisfiable") === ranges.length > 0;
        },
      ),
    );
  },
);

t.test("intersect() holds exactly the positions that lie in both", async () => {
  const small = fc.tuple(fc.nat(20), fc.nat(20)).map(([start, bytes]) => byteRange(start, start + bytes));
  fc.assert(
    fc.property(small, small, (a, b) => {
      const both = intersect(a, b);
      const holds = (r: ByteRange | undefined, at: number) => r !== undefined && r.start <= at && at < r.end;
      return Array.from({ length: 42 }, (_, at) => at).every(
        (at) => holds(both, at) === (holds(a, at) && holds(b, at)),
      );
    }),
  );
});

t.test("parseContentRange() is the inverse of formatContentRange() and formatUnsatisfied()", async () => {
  fc.assert(
    fc.property(range, fc.option(fc.nat(1000), { nil: undefined }), (one, beyond) => {
      const length = beyond === undefined ? undefined : Math.min(one.end + beyond, Number.MAX_SAFE_INTEGER);
      const parsed = parseContentRange(formatContentRange(one, length));
      deepStrictEqual(parsed, { kind: "satisfied", range: one, completeLength: length });
    }),
  );
  fc.assert(
    fc.property(position, (completeLength) => {
      deepStrictEqual(parseContentRange(formatUnsatisfied(completeLength)), {
        kind: "unsatisfied",
        completeLength,
      });
    }),
  );
});

t.test("parseEntityTag() and parseEntityTagList() are the inverse of formatEntityTag()", async () => {
  fc.assert(
    fc.property(fc.array(entityTag, { minLength: 1, maxLength: 5 }), (tags) => {
      deepStrictEqual(tags.map(formatEntityTag).map(parseEntityTag), tags);
      deepStrictEqual(parseEntityTagList(tags.map(formatEntityTag).join(" , ")), tags);
    }),
  );
});

t.test(
  "parseHttpDate() is the inverse of formatHttpDate() for whole seconds up to the year 9999",
  async () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: YEAR_9999_MS / 1000 }), (seconds) => {
        const at = epochMs(seconds * 1000);
        return parseHttpDate(formatHttpDate(at), now) === at;
      }),
    );
  },
);

t.test("listMembers() of joined members without commas and quotes gives them back", async () => {
  const member = fc.stringMatching(/^[!-+.-~]([!-+.-~ ]*[!-+.-~])?$/).filter((text) => !text.includes('"'));
  fc.assert(
    fc.property(fc.array(member, { maxLength: 6 }), (members) => {
      deepStrictEqual(listMembers(members.join(" ,\t")), members);
    }),
  );
});

t.test("formatCacheStatus() never lets a detail out of its quotes", async () => {
  fc.assert(
    fc.property(anyText, (detail) =>
      /^mandoline; hit; detail="(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"$/.test(
        formatCacheStatus({ hit: true, detail }),
      ),
    ),
  );
});

t.test("no parser throws, whatever the text", async () => {
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      parseRange(a);
      parseContentRange(a);
      parseEntityTag(a);
      parseEntityTagList(a);
      parseHttpDate(a, now);
      parseCacheControl([a, b]);
      ifRangeHolds(a, {}, now);
      const fields = [
        "Cache-Control",
        a,
        "Vary",
        b,
        "Expires",
        a,
        "Age",
        b,
        "Date",
        a,
        "Connection",
        b,
        "If-Match",
        a,
      ];
      endToEnd(fields);
      variantKey(["vary", "accept-encoding"], [...fields, "Accept-Encoding", b]);
      storability({ method: "GET", status: 200, requestFields: fields, responseFields: fields });
      evaluatePreconditions({ method: "GET", fields, selected: {}, now });
      const ageMs = initialAgeMs({ fields, requestedAt: now, respondedAt: now });
      const lifetimeMs = freshnessLifetimeMs(fields, 1, now);
      return (
        ageMs >= 0 &&
        lifetimeMs >= 0 &&
        varyNames(fields) !== undefined &&
        fieldValue(fields, "x") === undefined
      );
    }),
    { numRuns: 500 },
  );
});

t.test("a resolved range never throws, whatever was asked and however long the representation", async () => {
  fc.assert(
    fc.property(anyText, position, (text, length) => {
      const parsed = parseRange(`bytes=${text}`);
      return parsed.kind === "none" || resolveRange(parsed.specs, length).kind.length > 0;
    }),
  );
});
