/** Starts the demo in a group of its own: Ctrl-C at a terminal would reach PostgreSQL, too, and end it first. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const DEMO = fileURLToPath(new URL('./replicas.ts', import.meta.url));
const args = [...process.execArgv, DEMO, ...process.argv.slice(2)];
const demo = spawn(process.execPath, args, { detached: true, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => demo.kill('SIGTERM'));
demo.on('exit', (code) => process.exit(code ?? 1));
