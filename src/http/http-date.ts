// Floor 1. HTTP dates (RFC 9110 §5.6.7): three forms are read, one is written. Names and ranges are checked;
// whether the weekday is the right one isn't, because the date is clear without it.

import { type EpochMs, epochMs } from "../base/units.ts";

const MONTHS: readonly string[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_DAY = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)";
const MONTH = `(?<month>${MONTHS.join("|")})`;
const TIME = "(?<hour>[01][0-9]|2[0-3]):(?<minute>[0-5][0-9]):(?<second>[0-5][0-9]|60)";

const IMF_FIXDATE = new RegExp(`^${DAY}, (?<day>[0-9]{2}) ${MONTH} (?<year>[0-9]{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(`^${LONG_DAY}, (?<day>[0-9]{2})-${MONTH}-(?<year>[0-9]{2}) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^${DAY} ${MONTH} (?<day>[0-9]{2}| [0-9]) ${TIME} (?<year>[0-9]{4})$`);

type Parts = Readonly<Record<string, string>>;

/**
 * A moment in whole seconds.
 *
 * @param now decides the century of an RFC 850 year: the latest that is at most 50 years ahead
 * @returns undefined when absent, malformed or not in the calendar
 */
export function parseHttpDate(value: string | undefined, now: EpochMs): EpochMs | undefined {
  if (value === undefined) return undefined;
  const full = (IMF_FIXDATE.exec(value) ?? ASCTIME.exec(value))?.groups;
  if (full !== undefined) return moment(full, Number(full.year));
  const short = RFC_850.exec(value)?.groups;
  return short === undefined ? undefined : momentInCentury(short, now);
}

function momentInCentury(parts: Parts, now: EpochMs): EpochMs | undefined {
  const limit = new Date(now);
  const century = Math.floor(limit.getUTCFullYear() / 100) * 100;
  limit.setUTCFullYear(limit.getUTCFullYear() + 50);
  for (const start of [century + 100, century, century - 100]) {
    const at = moment(parts, start + Number(parts.year));
    if (at !== undefined && at <= limit.getTime()) return at;
  }
  return undefined;
}

function moment(parts: Parts, year: number): EpochMs | undefined {
  const day = Number(parts.day);
  const at = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  at.setUTCFullYear(year, MONTHS.indexOf(parts.month ?? ""), day);
  if (at.getUTCDate() !== day) return undefined;
  return epochMs(at.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second)));
}

/** IMF-fixdate; a part of a second is cut off. */
export function formatHttpDate(at: EpochMs): string {
  return new Date(at).toUTCString();
}
