// Floor 4. Validation, once per representation: one conditional request freshens all of its slices (RFC 9111 §4.3).

import { endToEnd, withoutFields } from "../http/fields.ts";
import { freshnessLifetimeMs, initialAgeMs } from "../http/freshness.ts";
import type { Exchange } from "../origin/exchange.ts";
import type { StoredResponse } from "../slice/stored-response.ts";
import { NOT_STORED } from "./verdict.ts";

/** Fields that make a request conditional on the stored version being another (RFC 9111 §4.3.1). */
export function validationFields({ representation }: StoredResponse): string[] {
  const { validator } = representation;
  return validator.kind === "entity-tag"
    ? ["If-None-Match", validator.text]
    : ["If-Modified-Since", validator.text];
}

/** RFC 9111 §3.2: nor does a 304 update what describes the stored content. */
const NOT_UPDATED: ReadonlySet<string> = new Set([...NOT_STORED, "content-encoding", "content-type", "etag"]);

/** RFC 9111 §4.3.4: the 304's fields replace the stored ones; Date and freshness count from now on. */
export function freshened(stale: StoredResponse, { head }: Exchange, cacheTtlMs: number): StoredResponse {
  const update = withoutFields(endToEnd(head.fields), NOT_UPDATED);
  const updated = new Set(update.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()));
  const fields = [...withoutFields(stale.fields, updated), ...update];
  return {
    ...stale,
    fields,
    respondedAt: head.respondedAt,
    initialAgeMs: initialAgeMs(head),
    lifetimeMs: freshnessLifetimeMs(fields, cacheTtlMs, head.respondedAt),
  };
}
