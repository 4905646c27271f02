import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { expect, it } from '@jest/globals';

/** Three services and a database start, run for five seconds, and wait for what a killed one had claimed. */
const LIMIT_MS = 120_000;

it(
  'the demo kills replicas under load, delivers everything, and has lost nothing in the end',
  async () => {
    // As `npm run demo:replicas` does, but for the build, which other tests of this run may be using.
    const args = ['--import', './test/support/typescript.mjs', 'bench/demo/start.ts', '--seconds', '5'];
    const demo = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [demo.stdout, demo.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    const [code] = (await once(demo, 'close')) as [number | null];
    const lines = [...output.matchAll(/kills (\d+) +sent (\d+) +stored (\d+) +delivered (\d+) +lost (\d+)/g)];
    const [kills, sent, stored, delivered, lost] = (lines.at(-1) ?? []).slice(1).map(Number);
    expect({ code, lost, output }).toMatchObject({ code: 0, lost: 0 });
    expect(kills).toBeGreaterThan(0);
    expect(sent).toBeGreaterThan(100);
    expect([stored, delivered]).toEqual([sent, sent]);
  },
  LIMIT_MS,
);
