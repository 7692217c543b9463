// Several answers at once through the one receive buffer, each divided, paused and read in its own way: every byte comes
// where it belongs, whatever else arrives in between.

import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import t from "tap";
import { expectedBytes, verifyAt } from "../../src/cli/demo/known-bytes.ts";
import type { Exchange } from "../../src/origin/exchange.ts";
import { PartClient } from "../../src/origin/part-client.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { headOf, startRawOrigin, writePieces } from "../support/raw-origin.ts";

/** How one answer is written and read. */
interface Plan {
  readonly bodyBytes: number;
  /** Lengths of the pieces of head and body; what is left comes at once. */
  readonly pieceBytes: readonly number[];
  readonly reader: "read" | "chunks" | "abort";
  /** For each chunk in turn, over and over: turns of the event loop that the reader is paused after it. */
  readonly pauseTurns: readonly number[];
  /** Turns of the event loop between the head and the reader. */
  readonly lateTurns: number;
}

const plan: fc.Arbitrary<Plan> = fc.record(
  {
    bodyBytes: fc.oneof(fc.nat(200), fc.nat(300_000), fc.constantFrom(0, 65_536, 262_144, 1_000_000)),
    pieceBytes: fc.array(fc.oneof(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 100_000 })), {
      maxLength: 8,
    }),
    reader: fc.constantFrom("read", "read", "chunks", "chunks", "abort"),
    pauseTurns: fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
    lateTurns: fc.nat(3),
  },
  { noNullPrototype: true },
);

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}

function* divided(answer: Buffer, pieceBytes: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (const bytes of pieceBytes) {
    if (at >= answer.length) return;
    yield answer.subarray(at, at + bytes);
    at += bytes;
  }
  yield answer.subarray(at);
}

function check(path: string, position: number, chunk: Buffer): number {
  if (!verifyAt(path, position, chunk)) throw new Error(`${path}: wrong bytes from ${position} on`);
  return position + chunk.length;
}

/** @returns how many bytes were read, each checked */
async function readAs(exchange: Exchange, path: string, plan: Plan): Promise<number> {
  let position = 0;
  let count = 0;
  const pause = () => plan.pauseTurns[count++ % plan.pauseTurns.length] ?? 0;
  if (plan.reader === "chunks") {
    for await (const chunk of exchange.chunks()) {
      // Others use the buffer meanwhile; the chunk must not change.
      await turns(pause());
      position = check(path, position, chunk);
    }
    return position;
  }
  const stopped = new Error("stopped by its reader");
  const read = exchange.read((chunk) => {
    position = check(path, position, chunk);
    if (plan.reader === "abort" && position > plan.bodyBytes / 2) throw stopped;
    const paused = pause();
    if (paused === 0) return;
    exchange.pause();
    void turns(paused).then(() => exchange.resume());
  });
  await read.catch((error: Error) => {
    if (error.cause !== stopped) throw error;
  });
  return position;
}

t.test(
  "concurrent answers through one buffer keep their bytes, however divided, paused and ended",
  async (t) => {
    let plans: readonly Plan[] = [];
    const origin = await startRawOrigin((socket, text) => {
      const path = text.split(" ")[1] ?? "";
      const { bodyBytes, pieceBytes } = plans[Number(path.slice(1))] as Plan;
      const answer = Buffer.concat([Buffer.from(headOf(bodyBytes)), expectedBytes(path, 0, bodyBytes)]);
      return writePieces(socket, divided(answer, pieceBytes));
    });
    const client = new PartClient({
      origin: new URL(origin.url),
      connectMs: 1000,
      headMs: 5000,
      idleMs: 60_000,
      clock: new FakeClock(),
    });
    t.teardown(() => {
      client.close();
      return origin.close();
    });
    const one = async (plan: Plan, index: number): Promise<void> => {
      const path = `/${index}`;
      const exchange = await client.open({ method: "GET", path, fields: ["Host", "example.com"] });
      if (!exchange) throw new Error(`${path}: expected an answer that it is sure of`);
      await turns(plan.lateTurns);
      const bytes = await readAs(exchange, path, plan);
      if (plan.reader !== "abort" && bytes !== plan.bodyBytes) {
        throw new Error(`${path}: expected ${plan.bodyBytes} bytes, got ${bytes}`);
      }
    };
    const property = fc.asyncProperty(fc.array(plan, { minLength: 2, maxLength: 12 }), async (generated) => {
      plans = generated;
      // Lanes that ask for one after another: connections are used again while others are under way.
      const lanes = [0, 1, 2, 3].map(async (lane) => {
        for (let index = lane; index < plans.length; index += 4) await one(plans[index] as Plan, index);
      });
      await Promise.all(lanes);
    });
    await fc.assert(property, { numRuns: 60 });
    t.ok(origin.asked.length > origin.sockets.length, "connections were used again");
  },
);
