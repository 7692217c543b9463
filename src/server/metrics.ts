// Floor 6. What is counted, by name: channels below are counted in plain fields, prom-client prints them. No URL is ever
// a label.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import * as channels from "../base/channels.ts";

/** What is read when somebody asks, rather than counted as it happens. */
export interface Gauges {
  readonly requestsInFlight: () => number;
  readonly subrequestsInFlight: () => number;
  readonly subrequestsQueued: () => number;
  readonly memoryBytes: () => number;
  readonly memoryBytesMax: number;
  readonly memorySlices: () => number;
  readonly storedResponses: () => number;
  readonly storedResponseBytes: () => number;
  readonly breakers: () => Readonly<Record<string, channels.BreakerState>>;
}

export interface Metrics {
  /** Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
  close(): void;
}

/** From a memory hit on loopback to a gigabyte over a slow line. */
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const REDIS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];
const BREAKER_STATES: readonly channels.BreakerState[] = ["closed", "half-open", "open"];

export function openMetrics(gauges: Gauges): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry, prefix: "mandoline_" });
  publishGauges(registers, gauges);
  const stops = [...countRequests(registers), ...countOrigin(registers), ...countStores(registers)];
  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    close: () => {
      for (const stop of stops) stop();
      registry.clear();
    },
  };
}

function publishGauges(registers: Registry[], gauges: Gauges): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge("mandoline_requests_in_flight", "Requests being answered", gauges.requestsInFlight);
  gauge(
    "mandoline_subrequests_in_flight",
    "Sub-requests under way at the origin",
    gauges.subrequestsInFlight,
  );
  gauge("mandoline_subrequests_queued", "Sub-requests that wait for a place", gauges.subrequestsQueued);
  gauge("mandoline_memory_bytes", "Slice memory in use, cached and in flight", gauges.memoryBytes);
  gauge("mandoline_memory_max_bytes", "Slice memory at most", () => gauges.memoryBytesMax);
  gauge("mandoline_memory_slices", "Slices in memory", gauges.memorySlices);
  gauge("mandoline_stored_responses", "Stored responses in memory", gauges.storedResponses);
  gauge(
    "mandoline_stored_responses_bytes",
    "Memory of stored responses, estimated",
    gauges.storedResponseBytes,
  );
  new Gauge({
    name: "mandoline_breaker_state",
    help: "1 for the state that a circuit breaker is in",
    labelNames: ["name", "state"],
    registers,
    collect() {
      for (const [name, current] of Object.entries(gauges.breakers())) {
        for (const state of BREAKER_STATES) this.set({ name, state }, state === current ? 1 : 0);
      }
    },
  });
}

function countRequests(registers: Registry[]): (() => void)[] {
  const requests = new Counter({
    name: "mandoline_requests_total",
    help: "Requests by how they went; passthrough and relayed are not sliced",
    labelNames: ["outcome"],
    registers,
  });
  const duration = new Histogram({
    name: "mandoline_request_duration_seconds",
    help: "From a request's head to the last byte of its answer",
    buckets: REQUEST_SECONDS,
    registers,
  });
  const firstByte = new Histogram({
    name: "mandoline_request_first_byte_seconds",
    help: "From a request's head to the first bytes of its answer",
    buckets: REQUEST_SECONDS,
    registers,
  });
  const clientBytes = counter(registers, "mandoline_client_sent_bytes_total", "Body bytes sent to clients");
  const sliced = counter(registers, "mandoline_requests_sliced_total", "Requests answered from slices");
  const passed = counter(registers, "mandoline_requests_passthrough_total", "Requests sent on as they came");
  const slices = new Counter({
    name: "mandoline_slices_total",
    help: "Slices by where a reader found them",
    labelNames: ["outcome"],
    registers,
  });
  const memoryBytes = counter(
    registers,
    "mandoline_memory_read_bytes_total",
    "Bytes that readers found in memory",
  );
  const collapsed = counter(
    registers,
    "mandoline_collapsed_total",
    "Times that a reader joined a fill under way",
  );
  return [
    channels.requestEnded.subscribe((event) => {
      requests.inc({ outcome: event.outcome });
      duration.observe(event.durationMs / 1000);
      if (event.firstByteMs !== undefined) firstByte.observe(event.firstByteMs / 1000);
      clientBytes.inc(event.bytes);
      (event.outcome === "passthrough" || event.outcome === "relayed" ? passed : sliced).inc();
    }),
    channels.sliceMet.subscribe(({ outcome, bytes }) => {
      slices.inc({ outcome });
      if (outcome === "memory") memoryBytes.inc(bytes);
      if (outcome === "collapsed") collapsed.inc();
    }),
  ];
}

function countOrigin(registers: Registry[]): (() => void)[] {
  const subrequests = new Counter({
    name: "mandoline_subrequests_total",
    help: "Sub-requests that got a head, by whether they came to their end",
    labelNames: ["result"],
    registers,
  });
  const duration = new Histogram({
    name: "mandoline_subrequest_duration_seconds",
    help: "From a sub-request to its last byte",
    buckets: REQUEST_SECONDS,
    registers,
  });
  const head = new Histogram({
    name: "mandoline_subrequest_head_seconds",
    help: "From a sub-request to its head",
    buckets: REQUEST_SECONDS,
    registers,
  });
  const retries = counter(registers, "mandoline_retries_total", "Sub-requests tried again");
  const hedges = new Counter({
    name: "mandoline_hedges_total",
    help: "Second sub-requests beside a late one, by which was first",
    labelNames: ["winner"],
    registers,
  });
  const failures = new Counter({
    name: "mandoline_origin_failures_total",
    help: "Failures met at the origin, by code; most are retried and hidden",
    labelNames: ["code"],
    registers,
  });
  const received = new Counter({
    name: "mandoline_received_bytes_total",
    help: "Body bytes received, by tier",
    labelNames: ["from"],
    registers,
  });
  return [
    channels.subrequestEnded.subscribe(({ ok, durationMs, headMs }) => {
      subrequests.inc({ result: ok ? "complete" : "failed" });
      duration.observe(durationMs / 1000);
      if (headMs !== undefined) head.observe(headMs / 1000);
    }),
    channels.subrequestRetried.subscribe(() => retries.inc()),
    channels.subrequestHedged.subscribe(({ won }) => hedges.inc({ winner: won ? "second" : "first" })),
    channels.originFailed.subscribe(({ code }) => failures.inc({ code })),
    channels.bytesReceived.subscribe(({ from, bytes }) => received.inc({ from }, bytes)),
  ];
}

function countStores(registers: Registry[]): (() => void)[] {
  const evictions = counter(registers, "mandoline_evictions_total", "Slices that left memory to make room");
  const failures = new Counter({
    name: "mandoline_redis_errors_total",
    help: "What Redis could not do, by operation and code; each was a miss",
    labelNames: ["operation", "code"],
    registers,
  });
  const duration = new Histogram({
    name: "mandoline_redis_duration_seconds",
    help: "Time of Redis commands that were answered",
    labelNames: ["operation"],
    buckets: REDIS_SECONDS,
    registers,
  });
  return [
    channels.sliceEvicted.subscribe(() => evictions.inc()),
    channels.farStoreFailed.subscribe(({ operation, code }) => failures.inc({ operation, code })),
    channels.farStoreAnswered.subscribe(({ operation, durationMs }) =>
      duration.observe({ operation }, durationMs / 1000),
    ),
  ];
}

function counter(registers: Registry[], name: string, help: string): Counter {
  return new Counter({ name, help, registers });
}
