// Floor 6. Every option, one row each: the zod schema, the defaults and the README's table all come from here.
// Where values come from is `load.ts`; the result's shape is `config.ts`. The only file that imports zod.

import { z } from "zod";
import { assert } from "../base/assert.ts";
import { KiB, MiB } from "../base/units.ts";
import { parseHostPort, parseOrigin, parseRedis } from "./addresses.ts";
import type { Config } from "./config.ts";
import { profileNames } from "./profiles.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "./quantities.ts";

export type { HostPort } from "./addresses.ts";
export type { Config, LogLevel } from "./config.ts";

/** What people read about an option. */
export interface OptionRow {
  /** As in YAML; a dot stands for one level of nesting. */
  readonly name: string;
  readonly type: string;
  /** Unit of a bare number, "" where there is none. */
  readonly unit: string;
  readonly range: string;
  /** As one would write it in YAML; "" when there is none. */
  readonly default: string;
  readonly sentence: string;
  /** What an error message says it expected. */
  readonly expected: string;
}

interface Kind<T> extends Pick<OptionRow, "type" | "unit" | "range" | "expected"> {
  readonly schema: z.ZodType<T>;
}

const rows = new Map<z.ZodType, Omit<OptionRow, "name">>();

/** `fallback` is text as in YAML, so that the default passes the rule it stands beside. */
function option<T>({ schema, ...row }: Kind<T>, fallback: string, sentence: string) {
  const withDefault = schema.prefault(fallback);
  rows.set(withDefault, { ...row, default: fallback, sentence });
  return withDefault;
}

function optional<T>({ schema, ...row }: Kind<T>, sentence: string) {
  const mayMiss = schema.optional();
  rows.set(mayMiss, { ...row, default: "", sentence });
  return mayMiss;
}

function size(min: number, max: number, step = 1) {
  const span = `${formatSize(min)} to ${formatSize(max)}`;
  const multiple = step === 1 ? "" : `multiple of ${formatSize(step)}`;
  return {
    type: "size",
    unit: "bytes",
    range: multiple === "" ? span : `${span}, a ${multiple}`,
    expected: `a size from ${span}${multiple && ` that is a ${multiple}`}`,
    schema: z.unknown().transform(parseSize).pipe(z.int().min(min).max(max).multipleOf(step)),
  };
}

const seconds = 1000;
const hours = 3600 * seconds;

function duration(min: number, max: number) {
  const span = `${formatDuration(min)} to ${formatDuration(max)}`;
  return {
    type: "time",
    unit: "seconds",
    range: span,
    expected: `a time from ${span}`,
    schema: z.unknown().transform(parseDuration).pipe(z.int().min(min).max(max)),
  };
}

function whole(unit: string, min: number, max: number) {
  const digits = z.string().regex(/^\d+$/).transform(Number);
  const span = `${min} to ${max}`;
  return {
    type: "whole number",
    unit,
    range: span,
    expected: `a whole number from ${span}`,
    schema: z.union([z.number(), digits]).pipe(z.int().min(min).max(max)),
  };
}

/** One value is all that this version knows; the name stays so that configurations keep loading. */
function only<const T extends number | boolean>(value: T, why: string) {
  return {
    type: typeof value === "number" ? "whole number" : "true or false",
    unit: "",
    range: `${value} (${why})`,
    expected: `${value} (${why})`,
    schema: z.union([z.literal(value), z.literal(`${value}`)]).transform((): T => value),
  };
}

const flag = {
  type: "true or false",
  unit: "",
  range: "true, false",
  expected: "true or false",
  schema: z.union([z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")]),
};

function oneOf<const T extends readonly string[]>(names: T) {
  const range = names.join(", ");
  return { type: "name", unit: "", range, expected: `one of ${range}`, schema: z.enum(names) };
}

function text<T>(type: string, range: string, parse: (text: string) => T | undefined) {
  const schema = z.string().transform((value, context): T => {
    const parsed = parse(value);
    if (parsed !== undefined) return parsed;
    context.issues.push({ code: "custom", input: value });
    return z.NEVER;
  });
  return { type, unit: "", range, expected: range, schema };
}

/** Parts of "a, b" without the blanks around them and without empty ones. */
const commaSeparated = (list: string): string[] => list.split(",").flatMap((part) => part.trim() || []);

const glob = z.string().regex(/^[/*]\S*$/);
const globs = {
  type: "list of globs",
  unit: "",
  range: "each begins with / or *",
  expected: "a list of globs on the path that each begin with / or *",
  // One string with commas is how an environment variable gives several.
  schema: z.union([z.array(glob), z.string().transform(commaSeparated).pipe(z.array(glob))]),
};

const hostPort = text("address", "HOST:PORT with a port from 0 to 65535", parseHostPort);
const originUrl = text("URL", "http://HOST[:PORT][/BASE], https://… or HOST:PORT", parseOrigin);
const redisUrl = text("URL", "redis://HOST[:PORT][/DB] or rediss://…", parseRedis);
const path = text("path", "a path such as /metrics", (value) =>
  /^\/[\w.-]+(\/[\w.-]+)*$/.test(value) ? value : undefined,
);
const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;

const schema = z.object({
  origin: optional(originUrl, "The origin server that requests are forwarded to; needed to serve."),
  profile: option(oneOf(profileNames), "balanced", "Named set of values that everything else overrides."),
  listen: option(hostPort, "127.0.0.1:8080", "Where clients connect; port 0 takes a free one."),
  admin: option(hostPort, "127.0.0.1:9090", "Where health, metrics and status are served."),
  redis: optional(redisUrl, "Second cache tier; without it memory is the only one."),
  workers: option(only(1, "this version runs one worker"), "1", "Worker threads."),
  slice_size: option(
    size(64 * KiB, 64 * MiB, 64 * KiB),
    "1MiB",
    "Bytes of one slice: the unit of caching and the usual length of a sub-request.",
  ),
  max_concurrent_subrequests: option(
    whole("sub-requests", 1, 64),
    "4",
    "Sub-requests that one client request may have at the origin at once.",
  ),
  max_concurrent_subrequests_per_origin: option(
    whole("sub-requests", 1, 1024),
    "64",
    "Sub-requests at the origin at once, all client requests together.",
  ),
  max_queued_subrequests: option(
    whole("sub-requests", 0, 65_536),
    "1024",
    "Sub-requests that may wait for their turn; beyond it clients get 503 with Retry-After.",
  ),
  max_retries: option(
    whole("retries", 0, 10),
    "3",
    "Retries of a sub-request in a row that bring no new byte.",
  ),
  "retry_backoff.first": option(
    duration(1, 10 * seconds),
    "100ms",
    "Longest wait before the first retry; doubles with each further one, with full jitter.",
  ),
  "retry_backoff.max": option(duration(1, 60 * seconds), "1600ms", "Longest wait before any retry."),
  retry_budget_percent: option(
    whole("percent", 0, 100),
    "20",
    "Retries allowed as a share of the sub-requests to the origin.",
  ),
  cache_ttl: option(
    duration(0, 365 * 24 * hours),
    "1h",
    "How long a response stays fresh when the origin does not say.",
  ),
  slice_patterns: option(globs, "", "Paths that are always asked for in ranges, never by a plain GET first."),
  enable_cache: option(flag, "true", "Whether slices are kept for later requests."),
  "memory.max_bytes": option(
    size(256 * KiB, 1024 ** 4),
    "256MiB",
    "Memory for slices, in flight and cached; at least 4 slices. Alias l1_cache_size_bytes.",
  ),
  "metadata.max_bytes": option(size(1 * MiB, 64 * 1024 ** 3), "32MiB", "Memory for stored response heads."),
  metrics_endpoint: option(path, "/metrics", "Path of the metrics on the admin address."),
  purge: option(only(false, "this version does not purge"), "false", "PURGE on the listening address."),
  "hedging.enabled": option(flag, "false", "Whether a late sub-request is asked for a second time."),
  "hedging.budget_percent": option(
    whole("percent", 1, 5),
    "5",
    "Hedged sub-requests allowed as a share of all.",
  ),
  "timeouts.connect": option(duration(1, 1 * hours), "5s", "Longest wait for a connection to the origin."),
  "timeouts.head": option(duration(1, 1 * hours), "15s", "Longest wait for a response head."),
  "timeouts.idle": option(duration(1, 1 * hours), "15s", "Longest wait between two pieces of a body."),
  "timeouts.slice": option(duration(1, 1 * hours), "60s", "Longest time for one slice, retries included."),
  "breaker.error_percent": option(
    whole("percent", 1, 100),
    "50",
    "Share of failures in the window that opens the origin's circuit breaker.",
  ),
  "breaker.volume_min": option(
    whole("sub-requests", 1, 10_000),
    "20",
    "Sub-requests in the window below which the breaker stays closed.",
  ),
  "breaker.window": option(
    duration(1 * seconds, 1 * hours),
    "10s",
    "Window of time over which failures count.",
  ),
  "breaker.open": option(
    duration(1, 1 * hours),
    "5s",
    "How long an open breaker waits before it tries again.",
  ),
  drain: option(duration(0, 1 * hours), "30s", "Grace period for running requests after SIGTERM."),
  "log.level": option(oneOf(logLevels), "info", "Least severe message that is logged."),
  "log.access": option(flag, "true", "Whether every request writes a line to the log."),
});

type OptionName = keyof typeof schema.shape;

/** Other names that an option answers to. */
export const aliases: ReadonlyMap<string, string> = new Map<string, OptionName>([
  ["upstream_address", "origin"],
  ["l1_cache_size_bytes", "memory.max_bytes"],
]);

/** Every option, in the order of the table. */
export const options: readonly OptionRow[] = Object.entries(schema.shape).map(([name, type]) => {
  const row = rows.get(type);
  assert(row !== undefined, "an option has a row", { name });
  return { name, ...row };
});

const types: ReadonlyMap<string, z.ZodType> = new Map(Object.entries(schema.shape));

/** Whether `value`, as YAML, a flag or the environment gave it, is one that the option takes. */
export function accepts(name: string, value: unknown): boolean {
  return types.get(name)?.safeParse(value).success ?? false;
}

/**
 * The configuration that accepted values make, with defaults where there are none.
 *
 * @param values by option name, each one that `accepts` let through
 */
export function toConfig(values: ReadonlyMap<string, unknown>): Config {
  const value = schema.parse(Object.fromEntries(values));
  return {
    origin: value.origin ?? "",
    listen: value.listen,
    admin: value.admin,
    redis: value.redis,
    workers: value.workers,
    sliceBytes: value.slice_size,
    maxConcurrentSubrequests: value.max_concurrent_subrequests,
    maxConcurrentSubrequestsPerOrigin: value.max_concurrent_subrequests_per_origin,
    maxQueuedSubrequests: value.max_queued_subrequests,
    maxRetries: value.max_retries,
    cacheTtlMs: value.cache_ttl,
    slicePatterns: value.slice_patterns,
    enableCache: value.enable_cache,
    memoryBytesMax: value["memory.max_bytes"],
    metadataBytesMax: value["metadata.max_bytes"],
    metricsEndpoint: value.metrics_endpoint,
    purge: value.purge,
    hedging: { enabled: value["hedging.enabled"], budgetPercent: value["hedging.budget_percent"] },
    timeouts: {
      connectMs: value["timeouts.connect"],
      headMs: value["timeouts.head"],
      idleMs: value["timeouts.idle"],
      sliceMs: value["timeouts.slice"],
    },
    retryBackoff: { firstMs: value["retry_backoff.first"], maxMs: value["retry_backoff.max"] },
    retryBudgetPercent: value.retry_budget_percent,
    breaker: {
      errorPercent: value["breaker.error_percent"],
      volumeMin: value["breaker.volume_min"],
      windowMs: value["breaker.window"],
      openMs: value["breaker.open"],
    },
    drainMs: value.drain,
    log: { level: value["log.level"], access: value["log.access"] },
  };
}
