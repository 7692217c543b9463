// Floor 5. What the handler writes a response to: head, bytes, end, abort. Two lanes lead to it; neither shows.

import type { FieldLines } from "../http/fields.ts";

export interface ResponseSink {
  /** Sent together with the first bytes. */
  head(status: number, fields: FieldLines): void;
  /**
   * Writes in one go. The views may change once it has settled.
   *
   * @returns whether the kernel took everything at once; false also when the client has gone
   */
  write(views: readonly Buffer[]): Promise<boolean>;
  end(): void;
  /** The only honest way out once bytes have been sent: the client sees a broken connection. */
  abort(): void;
  /** The client has gone, or everything is sent: called once. */
  onClosed(closed: () => void): void;
  readonly headSent: boolean;
  readonly closed: boolean;
  /** Body bytes handed over. */
  readonly bytes: number;
}
