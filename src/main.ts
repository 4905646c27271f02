/** The service's process. On a Node that is too old it must end before anything native is loaded. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(
    `Node ${process.versions.node} is too old: 22.19 or newer is needed. "npm start" brings its own.`,
  );
  process.exit(78);
}
// Only now: a Node that is too old does not know it, and would end at the import without a word of ours.
const { enableCompileCache } = await import('node:module');
// Compiled code is kept from start to start.
enableCompileCache();
const { start } = await import('./start.js');
await start();
