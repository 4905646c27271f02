import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { FaultyServer } from './faulty-server.js';
import { RECOVERS_WITHIN_MS, TEST_MS } from './limits.js';
import { expectStored, Load } from './load.js';

/** Room for an empty server, its smallest log, and some thousand events. */
const DISK = '160m';
const MEBIBYTE = 1024 * 1024;

/** Runs a command that only root may run: as it is, or by a sudo that asks for nothing. */
function asRoot(command: string, ...args: string[]): void {
  if (process.getuid?.() === 0) execFileSync(command, args);
  else execFileSync('sudo', ['-n', command, ...args]);
}

/** A small disk in memory. */
function mountDisk(folder: string): void {
  try {
    asRoot('mount', '-t', 'tmpfs', '-o', `size=${DISK},mode=0777`, 'tmpfs', folder);
  } catch (error) {
    throw new Error(
      'A test fills a real disk, for which it mounts a small one in memory. Run it as root of a machine or container with the capability CAP_SYS_ADMIN, or as a user whose "sudo -n mount" works.',
      { cause: error },
    );
  }
}

let server: FaultyServer;
let disk = '';
beforeAll(async () => {
  server = await FaultyServer.start(['min_wal_size=32MB', 'max_wal_size=48MB'], (data) => {
    mountDisk(data);
    disk = data;
  });
}, TEST_MS);
afterAll(async () => {
  await server.kill();
  asRoot('umount', disk);
  await server.remove();
}, TEST_MS);

/** Fills the disk to its last byte. */
function fill(): void {
  const block = Buffer.alloc(MEBIBYTE);
  for (let size = MEBIBYTE; size >= 512; size /= 2) {
    for (let i = 0; ; i++) {
      try {
        writeFileSync(join(disk, `filler-${size}-${i}`), block.subarray(0, size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        rmSync(join(disk, `filler-${size}-${i}`), { force: true });
        break;
      }
    }
  }
}

function empty(): void {
  for (const name of readdirSync(disk)) if (name.startsWith('filler-')) rmSync(join(disk, name));
}

describe('a server whose disk is full', () => {
  it(
    'makes the service refuse what it cannot store, and stores again once there is room',
    async () => {
      const url = await server.database('filled');
      const service = await TestService.start({ DATABASE_URL: url });
      const load = new Load({ port: () => service.port, prefix: 'full', padding: 4_096 }).start();
      for (let round = 1; round <= 2; round++) {
        const { size } = load.acknowledged;
        await until(() => load.acknowledged.size > size + 100, RECOVERS_WITHIN_MS);
        const refused = load.answered(503);
        fill();
        await until(() => load.answered(503) > refused + 30, RECOVERS_WITHIN_MS);
        expect((await service.send('GET', '/health/live')).status).toBe(200);
        empty();
        // It ends by itself where not even its log has room; whoever makes room then starts it.
        await server.ensureRunning();
      }
      await load.finish();
      expect([...load.statuses.keys()].sort()).toEqual([200, 503]);
      await expectStored(url, [load]);
      await service.stop();
    },
    TEST_MS,
  );
});
