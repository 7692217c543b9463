import t from "tap";
import { type EpochMs, epochMs } from "../../src/base/units.ts";
import { formatHttpDate, parseHttpDate } from "../../src/http/http-date.ts";

const at = (iso: string): EpochMs => epochMs(Date.parse(iso));
const now = at("2026-11-15T12:00:00Z");

const understood: readonly (readonly [name: string, value: string, iso: string])[] = [
  ["IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"],
  ["RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"],
  ["asctime, day of one digit", "Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"],
  ["asctime, day of two digits", "Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37Z"],
  ["the epoch", "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z"],
  ["a year before 100", "Sat, 01 Jan 0050 00:00:00 GMT", "0050-01-01T00:00:00Z"],
  ["the last second of a day", "Fri, 31 Dec 1999 23:59:59 GMT", "1999-12-31T23:59:59Z"],
  ["a leap second", "Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00Z"],
  ["the leap day", "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00Z"],
  ["the wrong weekday", "Mon, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"],
  ["RFC 850, exactly 50 years ahead", "Sunday, 15-Nov-76 12:00:00 GMT", "2076-11-15T12:00:00Z"],
  ["RFC 850, a second more than 50 years ahead", "Monday, 15-Nov-76 12:00:01 GMT", "1976-11-15T12:00:01Z"],
  ["RFC 850, the leap day that only 2000 has", "Tuesday, 29-Feb-00 00:00:00 GMT", "2000-02-29T00:00:00Z"],
];
for (const [name, value, iso] of understood) {
  t.test(`parseHttpDate() reads ${name} (${value})`, async (t) => {
    t.equal(parseHttpDate(value, now), at(iso));
  });
}

t.test(
  "parseHttpDate() takes an RFC 850 year for the next century when that is within 50 years",
  async (t) => {
    t.equal(
      parseHttpDate("Friday, 01-Jan-10 00:00:00 GMT", at("2090-01-01T00:00:00Z")),
      at("2110-01-01T00:00:00Z"),
    );
  },
);

const refused: readonly (readonly [name: string, value: string | undefined])[] = [
  ["an absent field", undefined],
  ["an empty value", ""],
  ["the common 0", "0"],
  ["ISO 8601", "1994-11-06T08:49:37Z"],
  ["a month in small letters", "Sun, 06 nov 1994 08:49:37 GMT"],
  ["an unknown month", "Sun, 06 Foo 1994 08:49:37 GMT"],
  ["an unknown weekday", "Xxx, 06 Nov 1994 08:49:37 GMT"],
  ["a day of one digit", "Sun, 6 Nov 1994 08:49:37 GMT"],
  ["the day 0", "Sun, 00 Nov 1994 08:49:37 GMT"],
  ["the 31st of November", "Sun, 31 Nov 1994 08:49:37 GMT"],
  ["the leap day of 1900", "Thu, 29 Feb 1900 00:00:00 GMT"],
  ["the hour 24", "Sun, 06 Nov 1994 24:00:00 GMT"],
  ["the minute 60", "Sun, 06 Nov 1994 08:60:00 GMT"],
  ["the second 61", "Sun, 06 Nov 1994 08:49:61 GMT"],
  ["a numeric zone", "Sun, 06 Nov 1994 08:49:37 +0000"],
  ["another zone", "Sun, 06 Nov 1994 08:49:37 CET"],
  ["an RFC 850 date with a short weekday", "Sun, 06-Nov-94 08:49:37 GMT"],
  ["an RFC 850 day that exists in no such year", "Monday, 29-Feb-01 00:00:00 GMT"],
  ["asctime without padding", "Sun Nov 6 08:49:37 1994"],
  ["two dates in one", "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT"],
  ["white space outside", " Sun, 06 Nov 1994 08:49:37 GMT"],
];
for (const [name, value] of refused) {
  t.test(`parseHttpDate() refuses ${name} (${value})`, async (t) => {
    t.equal(parseHttpDate(value, now), undefined);
  });
}

t.test("formatHttpDate() writes IMF-fixdate and cuts a part of a second off", async (t) => {
  t.equal(formatHttpDate(at("1994-11-06T08:49:37Z")), "Sun, 06 Nov 1994 08:49:37 GMT");
  t.equal(formatHttpDate(at("1994-11-06T08:49:37.999Z")), "Sun, 06 Nov 1994 08:49:37 GMT");
});
