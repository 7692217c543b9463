// Floor 5. A response sink over Node's http server.

import type { ServerResponse } from "node:http";
import type { FieldLines } from "../http/fields.ts";
import type { ResponseSink } from "./response-sink.ts";

/** A client that takes no byte of a write for so long has gone, or pins pages on purpose (as nginx's send_timeout). */
const STALLED_MS_MAX = 60_000;

export class HttpSink implements ResponseSink {
  bytes = 0;
  readonly #response: ServerResponse;
  readonly #stalledMsMax: number;

  constructor(response: ServerResponse, stalledMsMax: number = STALLED_MS_MAX) {
    this.#response = response;
    this.#stalledMsMax = stalledMsMax;
  }

  get headSent(): boolean {
    return this.#response.headersSent;
  }

  get closed(): boolean {
    return this.#response.closed || this.#response.destroyed;
  }

  head(status: number, fields: FieldLines): void {
    this.#response.writeHead(status, fields as string[]);
  }

  write(views: readonly Buffer[]): Promise<boolean> {
    const response = this.#response;
    if (this.closed) return Promise.resolve(false);
    for (const view of views) this.bytes += view.length;
    return new Promise((resolve) => {
      let waited = false;
      const written = () => {
        response.off("close", written);
        if (waited) response.setTimeout(0);
        resolve(!waited && !this.closed);
      };
      response.on("close", written);
      response.cork();
      for (let at = 0; at < views.length - 1; at += 1) response.write(views[at]);
      response.write(views.at(-1), written);
      response.uncork();
      waited = response.writableLength > 0;
      // Nobody listens to the timeout, so Node breaks the connection, and the pages of the write are given back.
      if (waited) response.setTimeout(this.#stalledMsMax);
    });
  }

  end(): void {
    this.#response.end();
  }

  abort(): void {
    this.#response.destroy();
  }

  onClosed(closed: () => void): void {
    if (this.closed) closed();
    else this.#response.once("close", closed);
  }
}
