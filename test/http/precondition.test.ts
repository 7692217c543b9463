import t from "tap";
import { type EpochMs, epochMs } from "../../src/base/units.ts";
import { formatHttpDate } from "../../src/http/http-date.ts";
import {
  evaluatePreconditions,
  ifRangeHolds,
  isStrongLastModified,
  type PreconditionOutcome,
  type Selected,
} from "../../src/http/precondition.ts";

const now: EpochMs = epochMs(Date.parse("2026-11-15T12:00:00Z"));
const lastModified: EpochMs = epochMs(now - 3_600_000);
const on = formatHttpDate(lastModified);
const before = formatHttpDate(epochMs(lastModified - 1000));
const after = formatHttpDate(epochMs(lastModified + 1000));

const STRONG: Selected = {
  entityTag: { weak: false, opaque: "v1" },
  lastModified,
  lastModifiedIsStrong: true,
};
const WEAK: Selected = { entityTag: { weak: true, opaque: "v1" }, lastModified };
const BARE: Selected = {};

type Kind = PreconditionOutcome["kind"];
type Case = readonly [name: string, fields: readonly string[], selected: Selected, get: Kind, put: Kind];
const cases: readonly Case[] = [
  ["no condition", [], STRONG, "proceed", "proceed"],
  ["If-Match, same tag", ["If-Match", '"v0", "v1"'], STRONG, "proceed", "proceed"],
  ["If-Match, other tag", ["If-Match", '"v2"'], STRONG, "failed", "failed"],
  ["If-Match, weak form of the tag", ["If-Match", 'W/"v1"'], STRONG, "failed", "failed"],
  ["If-Match, selected is weak", ["If-Match", '"v1"'], WEAK, "failed", "failed"],
  ["If-Match: *", ["If-Match", "*"], BARE, "proceed", "proceed"],
  ["If-Match, no tag selected", ["If-Match", '"v1"'], BARE, "failed", "failed"],
  ["If-Match, malformed", ["If-Match", "v1"], STRONG, "failed", "failed"],
  ["If-Match on two lines", ["If-Match", '"v0"', "If-Match", '"v1"'], STRONG, "proceed", "proceed"],
  ["If-Unmodified-Since, the same second", ["If-Unmodified-Since", on], STRONG, "proceed", "proceed"],
  ["If-Unmodified-Since, a second earlier", ["If-Unmodified-Since", before], STRONG, "failed", "failed"],
  ["If-Unmodified-Since, malformed", ["If-Unmodified-Since", "x"], STRONG, "proceed", "proceed"],
  ["If-Unmodified-Since, no date selected", ["If-Unmodified-Since", before], BARE, "proceed", "proceed"],
  [
    "If-Match before If-Unmodified-Since",
    ["If-Match", '"v1"', "If-Unmodified-Since", before],
    STRONG,
    "proceed",
    "proceed",
  ],
  ["If-None-Match, same tag", ["If-None-Match", '"v0", "v1"'], STRONG, "not-modified", "failed"],
  ["If-None-Match, weak form of the tag", ["If-None-Match", 'W/"v1"'], STRONG, "not-modified", "failed"],
  ["If-None-Match, selected is weak", ["If-None-Match", '"v1"'], WEAK, "not-modified", "failed"],
  ["If-None-Match, other tag", ["If-None-Match", '"v2"'], STRONG, "proceed", "proceed"],
  ["If-None-Match: *", ["If-None-Match", "*"], BARE, "not-modified", "failed"],
  ["If-None-Match, no tag selected", ["If-None-Match", '"v1"'], BARE, "proceed", "proceed"],
  ["If-None-Match, malformed", ["If-None-Match", "v1"], STRONG, "proceed", "proceed"],
  ["If-Modified-Since, the same second", ["If-Modified-Since", on], STRONG, "not-modified", "proceed"],
  ["If-Modified-Since, a second later", ["If-Modified-Since", after], STRONG, "not-modified", "proceed"],
  ["If-Modified-Since, a second earlier", ["If-Modified-Since", before], STRONG, "proceed", "proceed"],
  ["If-Modified-Since, malformed", ["If-Modified-Since", "x"], STRONG, "proceed", "proceed"],
  ["If-Modified-Since, no date selected", ["If-Modified-Since", on], BARE, "proceed", "proceed"],
  [
    "If-None-Match before If-Modified-Since",
    ["If-None-Match", '"v2"', "If-Modified-Since", on],
    STRONG,
    "proceed",
    "proceed",
  ],
  [
    "If-Match holds, then If-None-Match",
    ["If-Match", '"v1"', "If-None-Match", '"v1"'],
    STRONG,
    "not-modified",
    "failed",
  ],
  [
    "If-Match fails before If-None-Match",
    ["If-None-Match", '"v1"', "If-Match", '"v2"'],
    STRONG,
    "failed",
    "failed",
  ],
  [
    "If-Unmodified-Since fails before If-Modified-Since",
    ["If-Modified-Since", on, "If-Unmodified-Since", before],
    STRONG,
    "failed",
    "failed",
  ],
];
for (const [name, fields, selected, get, put] of cases) {
  t.test(`evaluatePreconditions() ${name}`, async (t) => {
    t.strictSame(evaluatePreconditions({ method: "GET", fields, selected, now }), { kind: get });
    t.strictSame(evaluatePreconditions({ method: "HEAD", fields, selected, now }), { kind: get });
    t.strictSame(evaluatePreconditions({ method: "PUT", fields, selected, now }), { kind: put });
  });
}

const ifRanges: readonly (readonly [name: string, value: string, selected: Selected, holds: boolean])[] = [
  ["same strong tag", '"v1"', STRONG, true],
  ["other tag", '"v2"', STRONG, false],
  ["weak tag", 'W/"v1"', STRONG, false],
  ["strong tag, selected is weak", '"v1"', WEAK, false],
  ["weak tag, selected is weak", 'W/"v1"', WEAK, false],
  ["tag, none selected", '"v1"', BARE, false],
  ["same date, strong", on, STRONG, true],
  ["same date, weak", on, WEAK, false],
  ["same date, said to be weak", on, { lastModified, lastModifiedIsStrong: false }, false],
  ["a second later", after, STRONG, false],
  ["a second earlier", before, STRONG, false],
  ["date, none selected", on, { lastModifiedIsStrong: true }, false],
  ["malformed", "v1", STRONG, false],
  ["empty", "", BARE, false],
  ["two tags", '"v1", "v1"', STRONG, false],
];
for (const [name, value, selected, holds] of ifRanges) {
  t.test(`ifRangeHolds() ${name}: ${holds}`, async (t) => {
    t.equal(ifRangeHolds(value, selected, now), holds);
  });
}

t.test("isStrongLastModified() from 60 s before Date on, never without Date", async (t) => {
  t.equal(isStrongLastModified(epochMs(now - 60_000), now), true);
  t.equal(isStrongLastModified(epochMs(now - 59_999), now), false);
  t.equal(isStrongLastModified(epochMs(now + 60_000), now), false);
  t.equal(isStrongLastModified(epochMs(0), undefined), false);
});
