#!/usr/bin/env node
/** The command line's process. What it imports needs a newer Node, so an old one must be told first. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    `Node ${process.versions.node} is too old: 22.19 or newer is needed. "npm run send" brings its own.`,
  );
  process.exit(1);
}
const { run } = await import('./program.js');
// Not process.exit(): what was written to a pipe must reach it.
process.exitCode = await run(process.argv);
