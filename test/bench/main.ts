// The benchmark: `npm run bench -- [--only NAME,…] [--quick] [--json FILE] [--strict] [--program FILE]`.
// Prints what each scenario found beside what it must reach. Exit 1 when bytes or counts are wrong; a missed speed
// counts with --strict only, because it depends on the machine and on what else runs there.

import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Bench, type Scenario } from "./bench.ts";
import { type Finding, findingsTable, isReached } from "./finding.ts";
import { coldFar } from "./scenarios/cold-far.ts";
import { coldNear } from "./scenarios/cold-near.ts";
import { collapse } from "./scenarios/collapse.ts";
import { faults } from "./scenarios/faults.ts";
import { hot } from "./scenarios/hot.ts";
import { memory } from "./scenarios/memory.ts";
import { seeks } from "./scenarios/seeks.ts";

const scenarios: readonly Scenario[] = [coldFar, coldNear, hot, collapse, faults, seeks, memory];

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    strict: { type: "boolean", default: false },
    program: { type: "string", default: new URL("../../dist/main.js", import.meta.url).pathname },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const names = values.only?.split(",") ?? scenarios.map(({ name }) => name);
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    const known = scenarios.map(({ name }) => name).join(", ");
    process.stderr.write(`Choosing scenarios: expected some of ${known}; got ${unknown.join(", ")}\n`);
    return 2;
  }
  const bench = new Bench(values.quick, values.program);
  stopOnSignal(bench);
  const found: Record<string, readonly Finding[]> = {};
  for (const scenario of scenarios.filter(({ name }) => names.includes(name))) {
    process.stderr.write(`${scenario.name} …\n`);
    found[scenario.name] = await scenario.run(bench).finally(() => bench.end());
  }
  process.stdout.write(`${findingsTable(found)}\n`);
  await keep(found);
  const missed = Object.values(found)
    .flat()
    .filter((finding) => !isReached(finding));
  return missed.some(({ kind }) => values.strict || kind === "correctness") ? 1 : 0;
}

async function keep(found: Readonly<Record<string, readonly Finding[]>>): Promise<void> {
  if (values.json === undefined) return;
  const machine = { node: process.version, cores: cpus().length, model: cpus()[0]?.model ?? "" };
  const kept = Object.fromEntries(
    Object.entries(found).map(([name, findings]) => [
      name,
      findings.map((finding) => ({ ...finding, reached: isReached(finding) })),
    ]),
  );
  await writeFile(
    values.json,
    `${JSON.stringify({ machine, quick: values.quick, found: kept }, undefined, 2)}\n`,
  );
}

function stopOnSignal(bench: Bench): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void bench.end().then(() => process.exit(130)));
  }
}
