import { readdirSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { defaultConfig, loadConfig, resolveConfig } from "../../src/config/load.ts";
import { profileNames, profilePath } from "../../src/config/profiles.ts";
import type { Config } from "../../src/config/schema.ts";
import { fileOf, messageOfLoading } from "./loading.ts";

const origin = "http://127.0.0.1:9000";

const balanced: Config = {
  origin,
  listen: { host: "127.0.0.1", port: 8080 },
  admin: { host: "127.0.0.1", port: 9090 },
  redis: undefined,
  workers: 1,
  sliceBytes: 1_048_576,
  maxConcurrentSubrequests: 4,
  maxConcurrentSubrequestsPerOrigin: 64,
  maxQueuedSubrequests: 1024,
  maxRetries: 3,
  cacheTtlMs: 3_600_000,
  slicePatterns: [],
  enableCache: true,
  memoryBytesMax: 268_435_456,
  metadataBytesMax: 33_554_432,
  metricsEndpoint: "/metrics",
  purge: false,
  hedging: { enabled: false, budgetPercent: 5 },
  timeouts: { connectMs: 5000, headMs: 15_000, idleMs: 15_000, sliceMs: 60_000 },
  retryBackoff: { firstMs: 100, maxMs: 1600 },
  retryBudgetPercent: 20,
  breaker: { errorPercent: 50, volumeMin: 20, windowMs: 10_000, openMs: 5000 },
  drainMs: 30_000,
  log: { level: "info", access: true },
};

const profiles: Record<string, Config> = {
  balanced,
  "high-throughput": {
    ...balanced,
    sliceBytes: 2_097_152,
    maxConcurrentSubrequests: 8,
    maxRetries: 2,
    cacheTtlMs: 7_200_000,
    memoryBytesMax: 536_870_912,
  },
  "low-memory": {
    ...balanced,
    sliceBytes: 524_288,
    cacheTtlMs: 1_800_000,
    maxQueuedSubrequests: 256,
    memoryBytesMax: 134_217_728,
    metadataBytesMax: 8_388_608,
  },
  "latency-critical": {
    ...balanced,
    sliceBytes: 524_288,
    timeouts: { connectMs: 1000, headMs: 3000, idleMs: 3000, sliceMs: 15_000 },
    retryBackoff: { firstMs: 50, maxMs: 800 },
    hedging: { enabled: true, budgetPercent: 5 },
  },
};

/** The message of the failure to load; "" when it loads. */
t.test("defaults, and each profile of the package, make exactly these configurations", async (t) => {
  const found = readdirSync(join(profilePath("balanced"), "..")).sort();
  t.strictSame(found, profileNames.map((name) => `${name}.yaml`).sort());
  t.strictSame(Object.keys(profiles), profileNames);
  t.strictSame(resolveConfig({ env: {}, flags: { origin } }), { config: balanced, profile: "balanced" });
  for (const [profile, config] of Object.entries(profiles)) {
    t.strictSame(resolveConfig({ profile, env: {}, flags: { origin } }), { config, profile }, profile);
  }
});

t.test("defaultConfig() is balanced on free ports, then the overrides", async (t) => {
  const free = { host: "127.0.0.1", port: 0 };
  t.strictSame(defaultConfig({ origin, maxRetries: 0 }), {
    ...balanced,
    listen: free,
    admin: free,
    maxRetries: 0,
  });
});

t.test("flags override environment overrides file overrides profile", async (t) => {
  const file = fileOf(t, "listen: a:1\nadmin: a:1\nslice_size: 256KiB\nmax_retries: 7\n");
  const env = {
    MANDOLINE_LISTEN: "b:2",
    MANDOLINE_ADMIN: "b:2",
    MANDOLINE_SLICE_SIZE: "128KiB",
    PATH: "/bin",
  };
  const flags = { origin, listen: "c:3", redis: "redis://c", workers: "1", admin: undefined };
  t.strictSame(loadConfig({ profile: "high-throughput", file, env, flags }), {
    ...profiles["high-throughput"],
    listen: { host: "c", port: 3 },
    admin: { host: "b", port: 2 },
    redis: "redis://c",
    sliceBytes: 131_072,
    maxRetries: 7,
  });
});

t.test("the profile's own name follows the same order: flag, environment, file, balanced", async (t) => {
  const file = fileOf(t, "profile: low-memory\n");
  const env = { MANDOLINE_PROFILE: "latency-critical" };
  const flags = { origin };
  t.equal(resolveConfig({ file, env: {}, flags }).profile, "low-memory");
  t.equal(resolveConfig({ file, env, flags }).profile, "latency-critical");
  t.equal(resolveConfig({ profile: "high-throughput", file, env, flags }).profile, "high-throughput");
  t.strictSame(loadConfig({ file, env: {}, flags }), profiles["low-memory"]);
});

t.test("every option can be set in a file and in the environment", async (t) => {
  const expected: Config = {
    origin: "https://origin.example/base",
    listen: { host: "::", port: 80 },
    admin: { host: "localhost", port: 0 },
    redis: "redis://cache:6379/1",
    workers: 1,
    sliceBytes: 65_536,
    maxConcurrentSubrequests: 64,
    maxConcurrentSubrequestsPerOrigin: 1024,
    maxQueuedSubrequests: 0,
    maxRetries: 0,
    cacheTtlMs: 0,
    slicePatterns: ["*.mp4", "/media/**"],
    enableCache: false,
    memoryBytesMax: 262_144,
    metadataBytesMax: 1_048_576,
    metricsEndpoint: "/internal/metrics",
    purge: false,
    hedging: { enabled: true, budgetPercent: 1 },
    timeouts: { connectMs: 1, headMs: 2000, idleMs: 1500, sliceMs: 3_600_000 },
    retryBackoff: { firstMs: 200, maxMs: 200 },
    retryBudgetPercent: 0,
    breaker: { errorPercent: 100, volumeMin: 1, windowMs: 1000, openMs: 250 },
    drainMs: 60_000,
    log: { level: "silent", access: false },
  };
  const file = fileOf(
    t,
    `
origin: https://origin.example/base/
listen: "[::]:80"
admin: localhost:0
redis: redis://cache:6379/1
workers: 1
slice_size: 64KiB
max_concurrent_subrequests: 64
max_concurrent_subrequests_per_origin: 1024
max_queued_subrequests: 0
max_retries: 0
cache_ttl: 0
slice_patterns: ["*.mp4", /media/**]
enable_cache: false
memory: { max_bytes: 256KiB }
metadata: { max_bytes: 1MiB }
metrics_endpoint: /internal/metrics
purge: false
hedging: { enabled: true, budget_percent: 1 }
timeouts: { connect: 1ms, head: 2, idle: 1.5, slice: 1h }
retry_backoff: { first: &wait 200ms, max: *wait }
retry_budget_percent: 0
breaker: { error_percent: 100, volume_min: 1, window: 1s, open: 250ms }
drain: 1m
log:
  level: silent
  access: false
`,
  );
  t.strictSame(loadConfig({ file, env: {}, flags: {} }), expected);
  const env = {
    MANDOLINE_ORIGIN: "https://origin.example/base/",
    MANDOLINE_LISTEN: "[::]:80",
    MANDOLINE_ADMIN: "localhost:0",
    MANDOLINE_REDIS: "redis://cache:6379/1",
    MANDOLINE_WORKERS: "1",
    MANDOLINE_SLICE_SIZE: "65536",
    MANDOLINE_MAX_CONCURRENT_SUBREQUESTS: "64",
    MANDOLINE_MAX_CONCURRENT_SUBREQUESTS_PER_ORIGIN: "1024",
    MANDOLINE_MAX_QUEUED_SUBREQUESTS: "0",
    MANDOLINE_MAX_RETRIES: "0",
    MANDOLINE_CACHE_TTL: "0",
    MANDOLINE_SLICE_PATTERNS: "*.mp4, /media/**",
    MANDOLINE_ENABLE_CACHE: "false",
    MANDOLINE_MEMORY_MAX_BYTES: "256KiB",
    MANDOLINE_METADATA_MAX_BYTES: "1MiB",
    MANDOLINE_METRICS_ENDPOINT: "/internal/metrics",
    MANDOLINE_PURGE: "false",
    MANDOLINE_HEDGING_ENABLED: "true",
    MANDOLINE_HEDGING_BUDGET_PERCENT: "1",
    MANDOLINE_TIMEOUTS_CONNECT: "1ms",
    MANDOLINE_TIMEOUTS_HEAD: "2",
    MANDOLINE_TIMEOUTS_IDLE: "1.5",
    MANDOLINE_TIMEOUTS_SLICE: "1h",
    MANDOLINE_RETRY_BACKOFF_FIRST: "200ms",
    MANDOLINE_RETRY_BACKOFF_MAX: "200ms",
    MANDOLINE_RETRY_BUDGET_PERCENT: "0",
    MANDOLINE_BREAKER_ERROR_PERCENT: "100",
    MANDOLINE_BREAKER_VOLUME_MIN: "1",
    MANDOLINE_BREAKER_WINDOW: "1s",
    MANDOLINE_BREAKER_OPEN: "250ms",
    MANDOLINE_DRAIN: "1m",
    MANDOLINE_LOG_LEVEL: "silent",
    MANDOLINE_LOG_ACCESS: "false",
  };
  t.strictSame(loadConfig({ env, flags: {} }), expected);
});

t.test("the flat names of the tuning guide load as they stand", async (t) => {
  const file = fileOf(
    t,
    `
slice_size: 2097152
max_concurrent_subrequests: 8
max_retries: 2
cache_ttl: 7200
slice_patterns:
  - "*.mp4"
enable_cache: true
l1_cache_size_bytes: 536870912
upstream_address: 127.0.0.1:9000
metrics_endpoint: /metrics
purge: false
`,
  );
  t.strictSame(loadConfig({ file, env: {}, flags: {} }), {
    ...profiles["high-throughput"],
    slicePatterns: ["*.mp4"],
  });
});

t.test("a file that sets nothing is a file: empty, comments, null, a group without members", async (t) => {
  for (const yaml of ["", "# nothing\n", "~", "memory:\n  # max_bytes: 1GiB\n", "memory: {}\n"]) {
    t.strictSame(loadConfig({ file: fileOf(t, yaml), env: {}, flags: { origin } }), balanced, yaml);
  }
});

t.test("empty variables, other programs' variables and Kubernetes' service links set nothing", async (t) => {
  const env = {
    MANDOLINE_REDIS: "",
    MANDOLINE_LISTEN: undefined,
    MANDOLINES: "x",
    MANDOLINE_PORT: "tcp://10.0.0.1:80",
    MANDOLINE_PORT_80_TCP_ADDR: "10.0.0.1",
    MANDOLINE_SERVICE_HOST: "10.0.0.1",
    MANDOLINE_SERVICE_PORT_HTTP: "80",
  };
  t.strictSame(loadConfig({ env, flags: { origin } }), balanced);
});

t.test("a missing origin is an error to serve, and empty text otherwise", async (t) => {
  t.equal(
    messageOfLoading({ env: {}, flags: {} }, true),
    "origin: expected the URL of the origin by --origin, MANDOLINE_ORIGIN or the file's origin, got nothing",
  );
  t.strictSame(loadConfig({ env: {}, flags: {} }, { requireOrigin: false }), { ...balanced, origin: "" });
});
