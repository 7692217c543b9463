// Floor 5. An origin's answer that is not sliced, sent on as it is: status, end-to-end fields, body as it comes.

import { MandolineError } from "../base/errors.ts";
import { endToEnd } from "../http/fields.ts";
import type { Exchange } from "../origin/exchange.ts";
import type { ResponseSink } from "./response-sink.ts";

/** @returns false when the client went away @throws why the body ended early; the head is sent by then */
export async function relay(exchange: Exchange, sink: ResponseSink, cacheStatus: string): Promise<boolean> {
  sink.onClosed(() => exchange.abort(clientGone()));
  const { status, fields } = exchange.head;
  sink.head(status, [...endToEnd(fields), "Via", "1.1 mandoline", "Cache-Status", cacheStatus]);
  try {
    for await (const chunk of exchange.chunks()) {
      await sink.write([chunk]);
      if (sink.closed) break;
    }
  } catch (error) {
    if (!sink.closed) throw error;
  }
  if (sink.closed) return false;
  sink.end();
  return true;
}

function clientGone(): MandolineError {
  return new MandolineError("CANCELLED", "Relaying a response: the client has gone", { source: "client" });
}
