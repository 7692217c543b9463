// Floor 6. Node's request as the plain value that the floors below know.

import type { IncomingMessage } from "node:http";
import { MandolineError } from "../base/errors.ts";
import type { ClientRequest } from "../cache/request.ts";
import { fieldValues } from "../http/fields.ts";

/** @throws REQUEST_INVALID for a target that is neither origin-form nor absolute-form, or two Hosts (RFC 9112 §3.2) */
export function clientRequestOf(message: IncomingMessage, scheme: "http" | "https"): ClientRequest {
  const method = message.method ?? "";
  const url = message.url ?? "";
  const fields = message.rawHeaders;
  const host = (message.headers.host ?? "").toLowerCase();
  // RFC 9112 §3.2: two of them could mean one resource here and another at the origin.
  if (fieldValues(fields, "host").length > 1) throw invalid(url, "one Host field at most");
  if (url.includes("#")) throw invalid(url, "a target without a fragment");
  if (url.startsWith("/")) return { method, target: url, scheme, host, fields };
  // OPTIONS * speaks of the server; it goes through as it is.
  if (url === "*" && method === "OPTIONS") return { method, target: url, scheme, host, fields };
  const absolute = /^https?:\/\/([^/?]+)(.*)$/i.exec(url);
  if (!absolute) throw invalid(url, "a path or an absolute URL");
  const [, authority = "", rest = ""] = absolute;
  const target = rest.startsWith("/") ? rest : `/${rest}`;
  return { method, target, scheme, host: authority.toLowerCase(), fields };
}

function invalid(url: string, expected: string): MandolineError {
  return new MandolineError(
    "REQUEST_INVALID",
    `Reading a request: expected ${expected}, got ${JSON.stringify(url)}`,
    {
      source: "client",
    },
  );
}
