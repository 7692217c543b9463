import t from "tap";
import { runDemo } from "../../src/cli/demo.ts";

const program = (file: string) => new URL(file, import.meta.url).pathname;

async function run(file: string): Promise<{ code: number; text: string }> {
  let text = "";
  const screen = {
    write: (piece: string | Uint8Array) => {
      text += piece.toString();
      return true;
    },
  };
  return { code: await runDemo({ size: "1MiB", screen, program: program(file) }), text };
}

t.jobs = 2;

t.test("runDemo() ends with 0 and its table when every byte is right", async (t) => {
  const { code, text } = await run("../bench/pipe-server.ts");
  t.equal(code, 0, text);
  t.match(text, /Every one of 22,020,096 bytes was the right one\./);
  t.match(text, /^1 MiB cold +\d+\.\d\d s/m);
});

t.test("runDemo() ends with 1 and names the stages when bytes are wrong", async (t) => {
  const { code, text } = await run("demo/wrong-server.ts");
  t.equal(code, 1, text);
  t.match(text, "Wrong or missing bytes: 1 MiB cold; 1 MiB hot; 24 reads cold; 24 reads hot.");
});

t.test("runDemo() rejects, naming Mandoline, when it doesn't start", async (t) => {
  await t.rejects(run("demo/no-such-file.ts"), { code: "INVARIANT", message: /^Starting Mandoline: / });
});
