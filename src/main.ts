#!/usr/bin/env -S node --max-semi-space-size=4 --v8-pool-size=1
// The composition root: the only file that reads the environment and ends the process.

const major = Number(process.versions.node.split(".", 1)[0]);
if (major < 24) {
  process.stderr.write(
    `mandoline: expected Node.js 24 or later, got ${process.versions.node}. ` +
      "In a clone, run it through npm (npm start), which brings its own Node; otherwise install Node 24.\n",
  );
  process.exit(2);
}
const { run } = await import("./cli/command.ts");
process.exitCode = await run(process.argv.slice(2), process.env);
