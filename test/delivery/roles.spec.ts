import { afterEach, describe, expect, it } from '@jest/globals';

import { payload } from '../support/service.js';
import { until } from '../support/until.js';
import { Workshop } from '../support/workshop.js';

const LISTENERS = 'test/delivery/misbehaving.module.ts';

describe('two processes on one store, one that receives and one that delivers', () => {
  let shop: Workshop;
  afterEach(() => shop.close());

  it('go on receiving while a listener blocks the other for 2 s', async () => {
    shop = new Workshop();
    const deliverer = await shop.start(LISTENERS, { ROLES: 'deliver' });
    // It has the listener loaded, too, and leaves it alone.
    const receiver = await shop.start(LISTENERS, { ROLES: 'receive' });
    await receiver.post(payload('STARTED', 'loop'));
    await until(() => shop.journal.includes('begin loop 1'));

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => receiver.post(payload('STARTED', `good-${i}`))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    // It still stands still: the answers came meanwhile.
    expect(shop.journal).toEqual(['begin loop 1']);

    await until(async () => Object.values(await shop.states()).every((state) => state === 'done'));
    expect(shop.journal.filter((line) => line.startsWith('done'))).toHaveLength(21);
    expect(deliverer.running && receiver.running).toBe(true);
  });

  it('hand on what came while nobody delivered', async () => {
    shop = new Workshop();
    const known = await shop.start(LISTENERS, { ROLES: 'deliver' });
    const receiver = await shop.start(undefined, { ROLES: 'receive' });
    expect((await known.end()).code).toBe(0);
    await receiver.post(payload('STARTED', 'one'));
    await receiver.post(payload('FINISHED', 'two'));
    expect(await shop.states()).toEqual({ one: 'pending', two: 'pending' });
    expect((await receiver.end()).code).toBe(0);

    await shop.start(LISTENERS, { ROLES: 'deliver' });
    await until(async () => Object.values(await shop.states()).every((state) => state === 'done'));
    expect(shop.journal.filter((line) => line.startsWith('done')).sort()).toEqual([
      'done one 1',
      'done two 1',
    ]);
  });

  it('hand on each event once when both deliver', async () => {
    shop = new Workshop();
    const services = [await shop.start(LISTENERS), await shop.start(LISTENERS)];
    const ids = Array.from({ length: 40 }, (_, i) => `id-${i}`);
    await Promise.all(ids.map(async (id, i) => services[i % 2]?.post(payload('STARTED', id))));
    await until(async () => {
      const states = Object.values(await shop.states());
      return states.length === 40 && states.every((state) => state === 'done');
    });
    expect(shop.journal.filter((line) => line.startsWith('done')).sort()).toEqual(
      ids.map((id) => `done ${id} 1`).sort(),
    );
  });

  it('leave the webhook to the one that receives: the other has no such path', async () => {
    shop = new Workshop();
    const deliverer = await shop.start(LISTENERS, { ROLES: 'deliver' });
    expect((await deliverer.post(payload('STARTED', 'one'))).status).toBe(404);
    expect(await shop.states()).toEqual({});
  });
});
