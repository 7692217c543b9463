// A client that writes what it likes to a connection and reads the answers one after another.

import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawClient {
  readonly socket: Socket;
  write(text: string): void;
  /** The next answer: its head, then as many bytes as Content-Length or the chunks say. */
  answer(options?: { readonly bodiless?: boolean }): Promise<RawAnswer>;
  /** Resolves when the other side has closed; with the bytes that nobody asked for. */
  closed(): Promise<string>;
}

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  let received = Buffer.alloc(0);
  let ended = false;
  let wake = () => {};
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  socket.on("error", () => wake());
  socket.on("close", () => {
    ended = true;
    wake();
  });
  const more = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      if (ended) resolve();
    });
  /** Bytes up to what `find` says, once they are here. */
  const take = async (find: () => number): Promise<Buffer> => {
    for (;;) {
      const end = find();
      if (end >= 0 && end <= received.length) {
        const taken = received.subarray(0, end);
        received = received.subarray(end);
        return taken;
      }
      if (ended) throw new Error(`The connection ended after ${JSON.stringify(received.toString("latin1"))}`);
      await more();
    }
  };
  const line = () => take(() => endOf("\r\n"));
  const endOf = (mark: string) => {
    const at = received.indexOf(mark);
    return at === -1 ? -1 : at + mark.length;
  };
  const chunks = async (): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt((await line()).toString("latin1"), 16);
      const chunk = await take(() => size + 2);
      if (size === 0) return Buffer.concat(parts);
      parts.push(chunk.subarray(0, size));
    }
  };
  return {
    socket,
    write: (text) => void socket.write(text, "latin1"),
    async answer({ bodiless = false } = {}) {
      const [statusLine = "", ...lines] = (await take(() => endOf("\r\n\r\n")))
        .toString("latin1")
        .split("\r\n");
      const fields = new Map(lines.filter((text) => text !== "").map(pairOf));
      const status = Number(statusLine.split(" ")[1]);
      const empty = bodiless || status === 304 || status < 200;
      const length = Number(fields.get("content-length") ?? 0);
      if (empty) return { status, fields, body: Buffer.alloc(0) };
      const body = fields.has("transfer-encoding") ? await chunks() : await take(() => length);
      return { status, fields, body };
    },
    async closed() {
      while (!ended) await more();
      return received.toString("latin1");
    },
  };
}

function pairOf(line: string): [string, string] {
  const at = line.indexOf(":");
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
}
