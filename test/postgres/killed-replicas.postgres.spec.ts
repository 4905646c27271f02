import { afterEach, expect, it } from '@jest/globals';

import { seeded } from '../crash/random.js';
import { TestStore } from '../support/store.js';
import { TEST_MS } from './limits.js';
import { killReplicas } from './replicas.js';

const place = TestStore.create();
afterEach(() => place.remove(), TEST_MS);

it(
  'three replicas that are killed at random under load lose nothing, and keep the order of each interaction',
  async () => {
    const [url, store] = [await place.url(), await place.open()];
    const run = { url, store, folder: place.folder, replicas: 3, kills: 4, random: seeded(4) };
    const { acknowledged, lost, outOfOrder, unexpected } = await killReplicas(run);
    expect({ lost, outOfOrder, unexpected }).toEqual({ lost: [], outOfOrder: [], unexpected: [] });
    expect(acknowledged).toBeGreaterThan(100);
  },
  TEST_MS,
);
