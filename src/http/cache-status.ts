// Floor 1. The Cache-Status field (RFC 9211), written as a structured field (RFC 9651). It states what is
// known when the head is sent.

/** A hit went nowhere; everything else went forward, for the reason `fwd` (RFC 9211 §2.2). */
export type CacheStatus =
  | {
      readonly hit: true;
      /** Freshness left; negative when stale. */
      readonly ttlS?: number;
      readonly detail?: string;
    }
  | {
      readonly hit: false;
      readonly fwd: "bypass" | "method" | "uri-miss" | "vary-miss" | "miss" | "request" | "stale" | "partial";
      /** The origin's status, where it isn't the one the client gets. */
      readonly fwdStatus?: number;
      readonly stored?: boolean;
      readonly collapsed?: boolean;
      readonly ttlS?: number;
      readonly detail?: string;
    };

type Parameter = readonly [name: string, value: string | number | boolean | undefined];

/** One list member; `cacheName` and `detail` may be any text, what a field can't carry becomes `?`. */
export function formatCacheStatus(status: CacheStatus, cacheName = "mandoline"): string {
  const forward: Parameter[] = status.hit
    ? [["hit", true]]
    : [
        ["fwd", status.fwd],
        ["fwd-status", status.fwdStatus],
        ["stored", status.stored],
        ["collapsed", status.collapsed],
      ];
  const detail = status.detail === undefined ? undefined : quoted(status.detail);
  const parameters: Parameter[] = [...forward, ["ttl", status.ttlS], ["detail", detail]];
  return [nameItem(cacheName), ...parameters.flatMap(formatParameter)].join("; ");
}

function formatParameter([name, value]: Parameter): string[] {
  if (value === undefined) return [];
  if (value === true) return [name];
  if (value === false) return [`${name}=?0`];
  return [`${name}=${typeof value === "number" ? Math.floor(value) : value}`];
}

function nameItem(name: string): string {
  return /^[A-Za-z*][A-Za-z0-9:/!#$%&'*+.^_`|~-]*$/.test(name) ? name : quoted(name);
}

function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`;
}
