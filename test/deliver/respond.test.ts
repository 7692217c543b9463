import t from "tap";
import { MandolineError } from "../../src/base/errors.ts";
import { KiB } from "../../src/base/units.ts";
import { Assembler } from "../../src/deliver/assemble.ts";
import { type Delivery, sendBody } from "../../src/deliver/respond.ts";
import type { ResponseSink } from "../../src/deliver/response-sink.ts";
import { PAGE_BYTES } from "../../src/slice/page-pool.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeSource } from "../support/fake-source.ts";
import { bytesOf, representationOf } from "../support/made-up.ts";

const P = PAGE_BYTES;

/** A client that takes what it gets as `onWrite` says, and remembers it. */
class FakeSink implements ResponseSink {
  headSent = false;
  closed = false;
  ended = false;
  readonly heads: unknown[] = [];
  readonly writes: Buffer[][] = [];
  readonly #onWrite: (views: readonly Buffer[]) => Promise<boolean>;

  constructor(onWrite: (views: readonly Buffer[]) => Promise<boolean> = async () => true) {
    this.#onWrite = onWrite;
  }

  get bytes(): number {
    return this.writes.flat().reduce((sum, { length }) => sum + length, 0);
  }

  head(status: number, fields: readonly string[]): void {
    this.headSent = true;
    this.heads.push([status, ...fields]);
  }

  write(views: readonly Buffer[]): Promise<boolean> {
    this.writes.push(views.map((view) => Buffer.from(view)));
    return this.#onWrite(views);
  }

  end(): void {
    this.ended = true;
  }

  abort(): void {
    this.closed = true;
  }

  onClosed(): void {
    // Nobody listens here: a test closes what it wants closed.
  }
}

interface Setup {
  readonly source: FakeSource;
  readonly assembler: Assembler;
  readonly clock: FakeClock;
  readonly told: string[];
  send(): Promise<boolean>;
}

/** A delivery of [start, end) of a representation of 40 pages in slices of 4. */
function setup(sink: FakeSink, start: number, end: number, more: Partial<Delivery> = {}): Setup {
  const source = new FakeSource(representationOf({ sliceBytes: 4 * P, completeLength: 40 * P }));
  const assembler = new Assembler(source, { start, end });
  const clock = new FakeClock();
  const told: string[] = [];
  const delivery: Delivery = {
    sink,
    assembler,
    clock,
    pool: source.pool,
    width: () => 3,
    eager: false,
    onFirstByte: () => told.push("first byte"),
    onProgress: () => told.push(`at ${assembler.position}`),
    ...more,
  };
  return { source, assembler, clock, told, send: () => sendBody(delivery, 206, ["X", "1"]) };
}

/** Everything that is asked for comes at once. */
function feedAll({ source }: Setup): void {
  while (source.running[0]) source.feed(source.running[0], 4 * P);
}

/** The whole representation is in memory before anybody asks. */
function fillAll(made: Setup): void {
  for (let start = 0; start < 40 * P; start += 4 * P) made.source.cover({ start, end: start + 4 * P });
  feedAll(made);
}

/** Feeds runs as they are started, until the sending ends. */
async function fed(made: Setup, sending: Promise<boolean>): Promise<boolean> {
  let ended = false;
  const watched = sending.finally(() => {
    ended = true;
  });
  while (!ended) {
    feedAll(made);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return watched;
}

t.test("the head waits for the first bytes, and goes out once, with them", async (t) => {
  const sink = new FakeSink();
  const made = setup(sink, 10, 3 * P);
  const sending = made.send();
  await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(sink.heads, []);
  t.equal(await fed(made, sending), true);
  t.strictSame(sink.heads, [[206, "X", "1"]]);
  t.equal(sink.ended, true);
  t.ok(
    Buffer.concat(sink.writes.flat()).equals(bytesOf(made.source.representation, { start: 10, end: 3 * P })),
  );
  t.equal(made.told[0], "first byte");
  t.equal(made.source.pool.writePins, 0);
});

t.test(
  "a failure before the first bytes leaves the head unsent; after them it is thrown all the same",
  async (t) => {
    const failure = new MandolineError("ORIGIN_CHANGED", "Fetching", { source: "origin" });
    for (const bytes of [0, P]) {
      const sink = new FakeSink();
      const made = setup(sink, 0, 2 * P);
      const rejected = t.rejects(made.send(), failure);
      const [run] = made.source.running;
      if (!run) throw new Error("expected a run, got none");
      if (bytes > 0) made.source.feed(run, bytes);
      await new Promise((resolve) => setImmediate(resolve));
      run.finish(failure);
      await rejected;
      t.equal(sink.headSent, bytes > 0);
      t.equal(sink.ended, false);
      t.equal(sink.bytes, bytes);
    }
  },
);

t.test("writes are of one page at first, doubled up to 16 while each is taken at once", async (t) => {
  const sink = new FakeSink();
  const made = setup(sink, 0, 40 * P);
  fillAll(made);
  t.equal(await made.send(), true);
  t.strictSame(
    sink.writes.map(({ length }) => length),
    [1, 2, 4, 8, 16, 9],
  );
});

t.test("a write that is not taken at once begins again with one page", async (t) => {
  let writes = 0;
  const sink = new FakeSink(async () => {
    writes += 1;
    return writes !== 3;
  });
  const made = setup(sink, 0, 12 * P);
  fillAll(made);
  await made.send();
  t.strictSame(
    sink.writes.map(({ length }) => length),
    [1, 2, 4, 1, 2, 2],
  );
});

t.test("pages are pinned while they are written, and only then", async (t) => {
  const pins: number[] = [];
  const sink = new FakeSink(async () => {
    pins.push(made.source.pool.writePins);
    return true;
  });
  const made: Setup = setup(sink, 0, 7 * P);
  fillAll(made);
  await made.send();
  t.strictSame(pins, [1, 2, 4]);
  t.equal(made.source.pool.writePins, 0);
});

t.test(
  "after a write of over 250 ms the client gets private copies of 8 KiB, which pin no page",
  async (t) => {
    const pins: number[] = [];
    const waits = [251, 250, 0];
    const sink = new FakeSink(async () => {
      pins.push(made.source.pool.writePins);
      await made.clock.advance(waits.shift() ?? 0);
      return true;
    });
    const made: Setup = setup(sink, 0, 4 * P);
    fillAll(made);
    await made.send();
    t.strictSame(
      sink.writes.map((views) => views.map(({ length }) => length)),
      [[P], [8 * KiB], [P - 8 * KiB, P, P]],
    );
    t.strictSame(pins, [1, 0, 3]);
  },
);

t.test("lookahead opens when the client has taken 128 KiB, at once for a small body", async (t) => {
  for (const eager of [false, true]) {
    const coveredAt: [bytes: number, slices: number][] = [];
    const sink = new FakeSink(async () => {
      coveredAt.push([sink.bytes, made.source.covered.size]);
      return true;
    });
    const made: Setup = setup(sink, 0, 16 * P, { eager });
    await fed(made, made.send());
    const opened = coveredAt.find(([, slices]) => slices >= 3)?.[0] ?? 0;
    if (eager) t.equal(opened, P, "with the first write");
    else {
      t.ok(coveredAt.every(([bytes, slices]) => bytes > 2 * P || slices === 1));
      t.ok(opened > 128 * KiB);
    }
  }
});

t.test("a client that goes in mid-write ends the sending: false, nothing pinned, no end", async (t) => {
  const sink = new FakeSink(async () => {
    sink.closed = true;
    return false;
  });
  const made = setup(sink, 0, 4 * P);
  t.equal(await fed(made, made.send()), false);
  t.equal(sink.writes.length, 1);
  t.equal(sink.ended, false);
  t.equal(made.source.pool.writePins, 0);
});

t.test("a client that goes while nothing has come: false, and no head", async (t) => {
  const sink = new FakeSink();
  const made = setup(sink, 0, 4 * P);
  const sending = made.send();
  made.assembler.close();
  t.equal(await sending, false);
  t.equal(sink.headSent, false);
});

t.test("bytes that are evicted between being ready and being taken are waited for again", async (t) => {
  const sink = new FakeSink();
  const made = setup(sink, 0, P);
  const { assembler, source } = made;
  const ready = assembler.ready.bind(assembler);
  let evicted = false;
  assembler.ready = async () => {
    const result = await ready();
    if (!evicted) source.evict(0);
    evicted = true;
    return result;
  };
  t.equal(await fed(made, made.send()), true);
  t.ok(Buffer.concat(sink.writes.flat()).equals(bytesOf(source.representation, { start: 0, end: P })));
  t.equal(
    sink.writes.every(({ length }) => length > 0),
    true,
    "no empty write",
  );
});
