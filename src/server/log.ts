// Floor 6. Access log and errors through pino: JSON lines, pretty on a terminal. Never a query string: it may be signed.

import { type DestinationStream, type Logger, pino } from "pino";
import {
  breakerChanged,
  farStoreFailed,
  originFailed,
  type RequestEnded,
  requestEnded,
} from "../base/channels.ts";
import { messageOf } from "../base/errors.ts";
import type { LogLevel } from "../config/config.ts";

export interface LogOptions {
  readonly level: LogLevel;
  readonly access: boolean;
  /** Lines for people, in colour, instead of JSON. */
  readonly pretty: boolean;
}

export interface Log {
  readonly logger: Logger;
  /** Writes out what is buffered. */
  flush(): void;
  /** Writes out what is buffered and stops listening. */
  close(): void;
}

/** A failing far store fails often: one line a second says it. */
const FAR_STORE_LINE_EVERY_MS = 1000;

export async function openLog({ level, access, pretty }: LogOptions, nowMs: () => number): Promise<Log> {
  const file = pretty ? undefined : pino.destination({ sync: false, minLength: 4096 });
  const stream = file ?? (await prettyStream());
  const logger = pino({ level, base: { pid: process.pid } }, stream);
  // Batched under load; at rest a line is on its way within a second.
  const flushing = setInterval(() => file?.flush(), 1000).unref();
  let farStoreLineMs = Number.NEGATIVE_INFINITY;
  const stops = [
    breakerChanged.subscribe(({ name, state }) => logger.warn({ name, state }, "breaker changed")),
    originFailed.subscribe(({ code, message }) => logger.debug({ code }, message)),
    farStoreFailed.subscribe(({ operation, code, cause }) => {
      if (nowMs() - farStoreLineMs < FAR_STORE_LINE_EVERY_MS) return;
      farStoreLineMs = nowMs();
      logger.warn({ operation, code }, messageOf(cause));
    }),
  ];
  if (access) stops.push(requestEnded.subscribe((event) => logger.info(accessLine(event), "request")));
  return {
    logger,
    flush: () => file?.flush(),
    close: () => {
      clearInterval(flushing);
      for (const stop of stops) stop();
      file?.flushSync();
    },
  };
}

/** Loaded only where somebody looks on: a server has no use for it in memory. */
async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import("pino-pretty");
  return pretty({ ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss.l", singleLine: true });
}

/** Times to a tenth of a millisecond: more digits are noise. */
function accessLine(event: RequestEnded): RequestEnded {
  const { durationMs, firstByteMs } = event;
  return { ...event, durationMs: tenths(durationMs), firstByteMs: firstByteMs && tenths(firstByteMs) };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
