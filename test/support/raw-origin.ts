// A server that knows no HTTP: it finds the end of a request's head and lets the test write what it likes.

import { type AddressInfo, createServer, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";

export interface RawOrigin {
  readonly url: string;
  /** Every connection so far. */
  readonly sockets: Socket[];
  /** Every request so far, as text. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** @param answer is called for each request; `index` 0 is the first of the server */
export async function startRawOrigin(
  answer: (socket: Socket, text: string, index: number) => Promise<void> | void,
): Promise<RawOrigin> {
  const sockets: Socket[] = [];
  const asked: string[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket.on("error", () => undefined));
    let received = "";
    socket.on("data", (bytes) => {
      received += bytes.toString("latin1");
      for (let end = received.indexOf("\r\n\r\n"); end !== -1; end = received.indexOf("\r\n\r\n")) {
        const text = received.slice(0, end + 4);
        received = received.slice(end + 4);
        void answer(socket, text, asked.push(text) - 1);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    asked,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Writes pieces that the other side, in this process too, meets one by one; ends early when the connection does. */
export async function writePieces(socket: Socket, pieces: Iterable<Buffer | string>): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => socket.write(piece, "latin1", () => resolve()));
    await setImmediate();
    await setImmediate();
  }
}

export function headOf(contentLength: number, ...lines: string[]): string {
  return ["HTTP/1.1 206 Partial Content", `Content-Length: ${contentLength}`, ...lines, "", ""].join("\r\n");
}
