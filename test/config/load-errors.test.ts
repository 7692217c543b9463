// What is wrong with a configuration is told whole: where, what was expected, what was got.

import { join } from "node:path";
import t from "tap";
import { type ConfigSources, loadConfig } from "../../src/config/load.ts";
import { fileOf, messageOfLoading } from "./loading.ts";

t.test("a wrong line of a file is named by line, column, what was expected and what was got", async (t) => {
  const sizes = "a size from 64KiB to 64MiB that is a multiple of 64KiB";
  const table: [string, string][] = [
    ["\n\nslice_size: 3 bananas", `:3:13: slice_size: expected ${sizes}, got "3 bananas"`],
    ["slice_size: 100KiB", `:1:13: slice_size: expected ${sizes}, got "100KiB"`],
    ["slice_size: 0", `:1:13: slice_size: expected ${sizes}, got 0`],
    ["slice_size: 65MiB", `:1:13: slice_size: expected ${sizes}, got "65MiB"`],
    ["slice_size:", `:1:12: slice_size: expected ${sizes}, got nothing`],
    ["slice_size: {}", `:1:13: slice_size: expected ${sizes}, got nothing`],
    ["slice_size: .nan", `:1:13: slice_size: expected ${sizes}, got NaN`],
    ["slice_size: {a: 1}", ":1:14: slice_size.a: unknown option, did you mean slice_size?"],
    ["max_retries: 11", ":1:14: max_retries: expected a whole number from 0 to 10, got 11"],
    ["max_retries: 1.5", ":1:14: max_retries: expected a whole number from 0 to 10, got 1.5"],
    ["max_retries: [1]", ":1:14: max_retries: expected a whole number from 0 to 10, got [1]"],
    ["timeouts:\n  head: 0", ":2:9: timeouts.head: expected a time from 1ms to 1h, got 0"],
    ["enable_cache: yes", ':1:15: enable_cache: expected true or false, got "yes"'],
    ["purge: true", ":1:8: purge: expected false (this version does not purge), got true"],
    ["workers: 4", ":1:10: workers: expected 1 (this version runs one worker), got 4"],
    ["listen: 8080", ":1:9: listen: expected HOST:PORT with a port from 0 to 65535, got 8080"],
    [
      "origin: ftp://a",
      ':1:9: origin: expected http://HOST[:PORT][/BASE], https://… or HOST:PORT, got "ftp://a"',
    ],
    [
      "redis: http://me:secret@cache",
      ':1:8: redis: expected redis://HOST[:PORT][/DB] or rediss://…, got "http://***@cache"',
    ],
    ["metrics_endpoint: m", ':1:19: metrics_endpoint: expected a path such as /metrics, got "m"'],
    [
      "slice_patterns: [mp4, {a: 1}]",
      ":1:17: slice_patterns: expected a list of globs on the path that each begin with / or *, " +
        'got ["mp4",{"a":1}]',
    ],
    [
      "log: {level: loud}",
      ':1:14: log.level: expected one of trace, debug, info, warn, error, silent, got "loud"',
    ],
    [
      "profile: fast",
      ":1:10: profile: expected one of balanced, high-throughput, low-memory, latency-critical, " +
        'got "fast"',
    ],
    [
      `max_retries: ${"9".repeat(90)}a`,
      `:1:14: max_retries: expected a whole number from 0 to 10, got "${"9".repeat(79)}…`,
    ],
    ["slice_sise: 1MiB", ":1:1: slice_sise: unknown option, did you mean slice_size?"],
    ["memroy:\n  max_bytes: 1", ":2:3: memroy.max_bytes: unknown option, did you mean memory.max_bytes?"],
    ["memory: 12MiB", ':1:1: memory: expected a map with memory.max_bytes, got "12MiB"'],
    [
      "memory: &m [1]\nmetadata: *m",
      ":1:1: memory: expected a map with memory.max_bytes, got [1]\n:2:1: metadata: expected a map with metadata.max_bytes, got [1]",
    ],
    ["colour: red", ":1:1: colour: unknown option"],
    ["constructor: 1", ":1:1: constructor: unknown option"],
    ["__proto__: 1", ":1:1: __proto__: unknown option"],
    ["1: 2", ":1:1: 1: unknown option"],
    [
      "upstream_address: a:1\norigin: b:1",
      ":2:1: origin: expected each option once, got it already at :1:19: upstream_address",
    ],
    ["a: 1\nb: 2", ":1:1: a: unknown option\n:2:1: b: unknown option"],
    ["max_retries: 1\nmax_retries: 2", ":2:1: YAML: expected each name once, got it again"],
    ["\tmax_retries: 1", ":1:1: YAML: Tabs are not allowed as indentation"],
    ["max_retries: !odd 1", ":1:14: YAML: Unresolved tag: !odd"],
    ["max_retries: 1\n---\nmax_retries: 2", ":2:1: YAML: expected one document, got several"],
    ["- max_retries", ':1:1: expected a map of options, got ["max_retries"]'],
    ["max_retries", ':1:1: expected a map of options, got "max_retries"'],
    [
      "memory: {max_bytes: 1MiB}",
      ":1:21: memory.max_bytes: expected memory.max_bytes to hold at least 4 slices of slice_size " +
        "(4 × 1MiB), got 1MiB",
    ],
    [
      "profile: low-memory\nslice_size: 64MiB",
      ":2:13: slice_size: expected memory.max_bytes to hold at least 4 slices of slice_size " +
        "(4 × 64MiB), got 128MiB",
    ],
    [
      "retry_backoff: {first: 2s}",
      ":1:24: retry_backoff.first: expected retry_backoff.first to be at most retry_backoff.max " +
        "(1600ms), got 2s",
    ],
  ];
  for (const [yaml, expected] of table) {
    const file = fileOf(t, yaml);
    t.equal(messageOfLoading({ file, env: {}, flags: {} }).replaceAll(file, ""), expected, yaml);
  }
});

t.test("all problems of all sources come as one error, its facts a list of them", async (t) => {
  const file = fileOf(t, "a: 1\n");
  const problems = [`${file}:1:1: a: unknown option`, "MANDOLINE_B: unknown option", "--c: unknown option"];
  t.throws(() => loadConfig({ file, env: { MANDOLINE_B: "1" }, flags: { c: "1" } }), {
    code: "CONFIG_INVALID",
    source: "self",
    message: problems.join("\n"),
    facts: { problems },
  });
});

t.test("a missing file, and a directory in its place, are named with the system's reason", async (t) => {
  const missing = join(t.testdir({}), "x.yaml");
  t.equal(
    messageOfLoading({ file: missing, env: {}, flags: {} }),
    `${missing}: expected a readable YAML file, got ENOENT: no such file or directory, open '${missing}'`,
  );
  const directory = t.testdir({});
  t.equal(
    messageOfLoading({ file: directory, env: {}, flags: {} }),
    `${directory}: expected a readable YAML file, got EISDIR: illegal operation on a directory, read`,
  );
});

t.test("wrong variables and flags are named as they were written", async (t) => {
  const table: [ConfigSources, string][] = [
    [
      { env: { MANDOLINE_MAX_RETRIES: "many" }, flags: {} },
      'MANDOLINE_MAX_RETRIES: expected a whole number from 0 to 10, got "many"',
    ],
    [
      { env: { MANDOLINE_SLICE_SISE: "1MiB" }, flags: {} },
      "MANDOLINE_SLICE_SISE: unknown option, did you mean MANDOLINE_SLICE_SIZE?",
    ],
    [
      { env: { MANDOLINE_ORIGIN: "a:1", MANDOLINE_UPSTREAM_ADDRESS: "b:1" }, flags: {} },
      "MANDOLINE_UPSTREAM_ADDRESS: expected each option once, got it already at MANDOLINE_ORIGIN",
    ],
    [
      { env: {}, flags: { listen: "8080" } },
      '--listen: expected HOST:PORT with a port from 0 to 65535, got "8080"',
    ],
    [{ env: {}, flags: { listn: "a:1" } }, "--listn: unknown option, did you mean --listen?"],
    [
      { profile: "fast", env: {}, flags: {} },
      '--profile: expected one of balanced, high-throughput, low-memory, latency-critical, got "fast"',
    ],
    [
      { env: { MANDOLINE_MAX_RETRIES: "x" }, flags: { workers: "2" } },
      'MANDOLINE_MAX_RETRIES: expected a whole number from 0 to 10, got "x"\n' +
        '--workers: expected 1 (this version runs one worker), got "2"',
    ],
    [
      { env: { MANDOLINE_MEMORY_MAX_BYTES: "3MiB" }, flags: {} },
      "MANDOLINE_MEMORY_MAX_BYTES: expected memory.max_bytes to hold at least 4 slices of slice_size " +
        "(4 × 1MiB), got 3MiB",
    ],
  ];
  for (const [sources, expected] of table) t.equal(messageOfLoading(sources), expected);
});
