// Floor 6. Where to listen and what to forward to, from text. Pure; resolves no name.

/** A place to listen. `host` carries no brackets, also for IPv6; port 0 asks the system for a free one. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** "127.0.0.1:8080", "localhost:0", "[::1]:8080"; undefined when it is none. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** "[::1]:8080" of `{host: "::1", port: 8080}`. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * An origin's URL without the slash at its end: "http://host:9000/base".
 * A bare "host:9000" means http. Undefined for another scheme, credentials, a query or a fragment.
 */
export function parseOrigin(text: string): string | undefined {
  const url = parseUrl(text.includes("://") ? text : `http://${text}`);
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) return undefined;
  const path = url.pathname.replace(/\/+$/, "");
  // What the origin's URL cannot carry is left out here, and so makes a difference.
  return url.href.replace(/\/+$/, "") === url.origin + path ? url.origin + path : undefined;
}

/** The text itself when it is a redis:// or rediss:// URL with a host. */
export function parseRedis(text: string): string | undefined {
  const url = parseUrl(text);
  return url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== "" ? text : undefined;
}

function parseUrl(text: string): URL | undefined {
  return /\s/.test(text) ? undefined : (URL.parse(text) ?? undefined);
}
