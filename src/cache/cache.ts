// Floor 4. From a request to where its bytes come from: the stored response if it is fresh, else one probe for all who
// ask at once. What a probe finds to be unshareable is remembered, so that later requests don't queue for it.

import { LRUCache } from "lru-cache";
import type { Clock } from "../base/clock.ts";
import type { ByteRange } from "../http/byte-range.ts";
import { type FieldLines, fieldValue } from "../http/fields.ts";
import { formatRange, type RangeSpec, resolveRange } from "../http/range-header.ts";
import { variantKey } from "../http/vary.ts";
import type { Exchange } from "../origin/exchange.ts";
import { PAGE_BYTES } from "../slice/page-pool.ts";
import { alignOutward } from "../slice/slice-grid.ts";
import { isFresh, type StoredResponse } from "../slice/stored-response.ts";
import type { Filler } from "./fill.ts";
import { type ClientRequest, forwardFields, type ProbeKind } from "./request.ts";
import { type Asking, Space } from "./space.ts";
import { freshened, validationFields } from "./validate.ts";
import { judge } from "./verdict.ts";

/** A key whose response could not be shared is asked for by each client alone for so long (hit-for-miss). */
const ALONE_MS = 120_000;
const ALONE_MAX = 10_000;

/** What was found: a response to be asked for without company, or parts that can't be used and why. */
type Alone = { readonly passthrough: string | undefined };

export interface CacheOptions {
  readonly filler: Filler;
  readonly clock: Clock;
  readonly sliceBytes: number;
  readonly cacheTtlMs: number;
  readonly enableCache: boolean;
}

export interface Wanted {
  readonly request: ClientRequest;
  readonly cacheKey: string;
  readonly range: RangeSpec | undefined;
  readonly probe: ProbeKind;
}

/** RFC 9211 §2.2. */
export type ForwardReason = "uri-miss" | "vary-miss" | "stale";

export type Found =
  | {
      readonly kind: "sliced";
      readonly stored: StoredResponse;
      readonly space: Space;
      readonly asking: Asking;
      /** Undefined when the stored response was fresh; why the origin was asked otherwise. */
      readonly forwarded: ForwardReason | undefined;
      readonly collapsed: boolean;
      /** The origin's status, where this request forwarded. */
      readonly forwardStatus: number | undefined;
    }
  | { readonly kind: "relay"; readonly exchange: Exchange; readonly forwarded: ForwardReason }
  | { readonly kind: "unsatisfiable"; readonly completeLength: number; readonly forwarded: ForwardReason }
  | { readonly kind: "passthrough"; readonly why: string };

export class Cache {
  readonly #options: CacheOptions;
  /** Shared ones by name. */
  readonly #spaces: Map<string, Space> = new Map();
  /** All that are in use, private ones too. */
  readonly #live: Set<Space> = new Set();
  readonly #probes: Map<string, Promise<Found>> = new Map();
  readonly #alone: LRUCache<string, Alone> = new LRUCache({ max: ALONE_MAX, ttl: ALONE_MS });

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  /** Clients that are reading slices now. */
  get readerCount(): number {
    let count = 0;
    for (const space of this.#live) count += space.readerCount;
    return count;
  }

  /**
   * @throws ORIGIN_UNREACHABLE, ORIGIN_TIMEOUT, ORIGIN_OPEN, ORIGIN_BUSY
   */
  async find(wanted: Wanted): Promise<Found> {
    const asking = this.#askingOf(wanted);
    const stored = await this.#storedFor(wanted);
    const matches = stored && this.#matches(stored, asking.fields);
    if (stored && matches && isFresh(stored, this.#options.clock.now()))
      return this.#fresh(stored, asking, false);
    // Only a GET brings bytes to keep: a HEAD that can't be answered here is the origin's.
    if (wanted.request.method === "HEAD") return { kind: "passthrough", why: "head-miss" };
    const unusable = this.#alone.get(wanted.cacheKey)?.passthrough;
    if (unusable !== undefined) return { kind: "passthrough", why: unusable };
    const reason: ForwardReason = !stored ? "uri-miss" : matches ? "stale" : "vary-miss";
    const stale = matches ? stored : undefined;
    if (!this.#mayCollapse(wanted)) return this.#probe(wanted, asking, reason, stale);
    return this.#collapse(wanted, asking, reason, stale);
  }

  /** The stored response must not be used again; its slices stay for the same version, should it come back. */
  forget(stored: StoredResponse): void {
    this.#options.filler.store.deleteResponse(stored.representation.cacheKey);
  }

  async #storedFor({ cacheKey }: Wanted): Promise<StoredResponse | undefined> {
    const { filler, sliceBytes, enableCache } = this.#options;
    if (!enableCache) return undefined;
    const { store } = filler;
    const stored =
      store.near.getResponse(cacheKey) ?? (store.far ? await store.promoteResponse(cacheKey) : undefined);
    // Another slice size is another grid: what was cut on it can't be reached any more.
    return stored?.representation.sliceBytes === sliceBytes ? stored : undefined;
  }

  #matches(stored: StoredResponse, fields: FieldLines): boolean {
    return stored.representation.variant === variantKey(stored.varyNames, fields);
  }

  #mayCollapse({ cacheKey, request }: Wanted): boolean {
    if (!this.#options.enableCache || this.#alone.has(cacheKey)) return false;
    return fieldValue(request.fields, "authorization") === undefined;
  }

  /** One probe for all who ask at once; then each goes by what it stored, or alone. */
  async #collapse(
    wanted: Wanted,
    asking: Asking,
    reason: ForwardReason,
    stale: StoredResponse | undefined,
  ): Promise<Found> {
    const key = `${wanted.probe} ${wanted.cacheKey}`;
    const leading = this.#probes.get(key);
    if (!leading) {
      const probe = this.#probe(wanted, asking, reason, stale).finally(() => this.#probes.delete(key));
      this.#probes.set(key, probe);
      return probe;
    }
    // What the leader's probe meets is what this request's would meet, retries and all.
    const led = await leading;
    const shareable = led.kind === "sliced" && led.space.shared && this.#matches(led.stored, asking.fields);
    if (!shareable) return this.#probe(wanted, asking, reason, stale);
    return this.#fresh(led.stored, asking, true);
  }

  #fresh(stored: StoredResponse, asking: Asking, collapsed: boolean): Found {
    return {
      kind: "sliced",
      stored,
      space: this.#sharedSpace(stored).hold(),
      asking,
      forwarded: collapsed ? "uri-miss" : undefined,
      collapsed,
      forwardStatus: undefined,
    };
  }

  async #probe(
    wanted: Wanted,
    asking: Asking,
    reason: ForwardReason,
    stale: StoredResponse | undefined,
    lengthKnown?: number,
  ): Promise<Found> {
    const { filler, sliceBytes, cacheTtlMs, enableCache } = this.#options;
    const asked = wanted.probe === "ranged" ? this.#probeRange(wanted.range, lengthKnown) : undefined;
    const fields = [
      ...asking.fields,
      ...(asked ? ["Range", formatRange(asked)] : []),
      ...(stale ? validationFields(stale) : []),
    ];
    const exchange = await filler.origin.open({
      request: { method: "GET", path: asking.target, fields },
      priority: () => "awaited",
      signal: new AbortController().signal,
      slot: asked ? "until-body" : "until-head",
      isPart: asked !== undefined,
    });
    const { head } = exchange;
    const verdict = judge({
      cacheKey: wanted.cacheKey,
      fields: asking.fields,
      asked,
      head,
      sliceBytes,
      cacheTtlMs,
      enableCache,
    });
    switch (verdict.kind) {
      case "sliced": {
        const { stored, part, stores } = verdict;
        if (stores) filler.store.putResponse(stored);
        else this.#alone.set(wanted.cacheKey, { passthrough: undefined });
        const space = (stores ? this.#sharedSpace(stored) : this.#newSpace(stored, false)).hold();
        if (head.status === 206) space.adopt(part, asking, exchange);
        else if (part.end > 0) space.startLane(asking, exchange);
        else exchange.discard();
        return {
          kind: "sliced",
          stored,
          space,
          asking,
          forwarded: reason,
          collapsed: false,
          forwardStatus: head.status,
        };
      }
      case "not-modified": {
        exchange.discard();
        if (!stale) return { kind: "passthrough", why: "a 304 to an unconditional request" };
        const stored = freshened(stale, exchange, cacheTtlMs);
        filler.store.putResponse(stored);
        return {
          ...(this.#fresh(stored, asking, false) as Found & { kind: "sliced" }),
          forwarded: "stale",
          forwardStatus: 304,
        };
      }
      case "unsatisfiable": {
        exchange.discard();
        const { completeLength } = verdict;
        if (isUnsatisfiable(wanted.range, completeLength)) return { ...verdict, forwarded: reason };
        // The end asked for lies past the end, which some origins refuse: ask for what there is, once.
        if (lengthKnown === undefined && completeLength > 0) {
          return this.#probe(wanted, asking, reason, stale, completeLength);
        }
        return this.#goAlone(wanted, "a 416 to a satisfiable range");
      }
      case "relay":
        this.#alone.set(wanted.cacheKey, { passthrough: undefined });
        return { kind: "relay", exchange, forwarded: reason };
      case "unusable":
        exchange.discard();
        return this.#goAlone(wanted, verdict.why);
    }
  }

  #goAlone({ cacheKey }: Wanted, why: string): Found {
    this.#alone.set(cacheKey, { passthrough: why });
    return { kind: "passthrough", why };
  }

  /** Pages from the first byte wanted to the last, inside its slice: they also bring status, length and validator. */
  #probeRange(range: RangeSpec | undefined, lengthKnown = Number.MAX_SAFE_INTEGER): ByteRange {
    const { sliceBytes } = this.#options;
    // Where a suffix starts is not known before the length is: the first page tells it.
    if (range?.kind === "suffix") return { start: 0, end: Math.min(PAGE_BYTES, lengthKnown) };
    const start = range?.start ?? 0;
    const last = range?.kind === "from-to" ? range.last : Number.MAX_SAFE_INTEGER - 1;
    const sliceEnd = Math.min((Math.floor(start / sliceBytes) + 1) * sliceBytes, lengthKnown);
    const end = Math.min(last + 1, sliceEnd);
    return alignOutward({ start, end: Math.max(end, start + 1) }, PAGE_BYTES, sliceEnd);
  }

  #askingOf({ request, probe }: Wanted): Asking {
    const { url } = this.#options.filler.origin;
    const base = url.pathname.replace(/\/$/, "");
    return { target: base + request.target, fields: forwardFields(request, probe, url.host) };
  }

  #sharedSpace(stored: StoredResponse): Space {
    const { name } = stored.representation;
    const space = this.#spaces.get(name);
    if (space) return space;
    const made = this.#newSpace(stored, true);
    this.#spaces.set(name, made);
    return made;
  }

  #newSpace(stored: StoredResponse, shared: boolean): Space {
    const { filler } = this.#options;
    const { representation, rangesWork, lifetimeMs } = stored;
    const space: Space = new Space({
      representation,
      filler,
      shared,
      rangesWork,
      lifetimeMs,
      onIdle: () => {
        this.#live.delete(space);
        if (this.#spaces.get(representation.name) === space) this.#spaces.delete(representation.name);
      },
      onRangesFail: () => {
        const current = filler.store.near.getResponse(representation.cacheKey);
        if (current?.representation.name !== representation.name) return;
        filler.store.putResponse({ ...current, rangesWork: false });
      },
    });
    this.#live.add(space);
    return space;
  }
}

function isUnsatisfiable(range: RangeSpec | undefined, completeLength: number): boolean {
  return range !== undefined && resolveRange([range], completeLength).kind === "unsatisfiable";
}
