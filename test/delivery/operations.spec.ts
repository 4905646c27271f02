import { afterEach, describe, expect, it } from '@jest/globals';

import { DeliveryService } from '../../src/events/delivery.service.js';
import type { ListenerOptions } from '../../src/events/on-interaction.decorator.js';
import { PermanentError } from '../../src/events/delivery.js';
import { eventKeys } from '../../src/store/keys.js';
import { Recorder } from '../support/listeners.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';

async function states(service: TestService): Promise<string[]> {
  const rows = await service.store.query(
    service.store.builder.selectFrom('deliveries').select(['state']).orderBy('seq'),
  );
  return rows.map(({ state }) => state);
}

describe('an operator', () => {
  const services: TestService[] = [];
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
  });
  async function start(recorder: Recorder, options?: ListenerOptions, dataDir?: string) {
    const from = dataDir === undefined ? {} : { dataDir };
    const service = await TestService.start({}, { listeners: [recorder.module(options)], ...from });
    services.push(service);
    return service;
  }

  it('retries a dead delivery with fresh attempts under the same id', async () => {
    const recorder = new Recorder();
    recorder.handle = () => {
      throw new PermanentError('no such case');
    };
    const service = await start(recorder);
    await service.post(payload());
    await until(async () => (await states(service))[0] === 'dead');

    recorder.handle = () => undefined;
    expect(await service.get(DeliveryService).retry({ listener: 'recorder' })).toBe(1);
    await until(async () => (await states(service))[0] === 'done');
    expect(recorder.seen.map(({ attempt, delivery }) => [attempt, delivery])).toEqual([
      [1, 'recorder:1'],
      [1, 'recorder:1'],
    ]);
  });

  it('retries each dead delivery once, although it dies again at once', async () => {
    const recorder = new Recorder();
    recorder.handle = () => {
      throw new PermanentError('no such case');
    };
    const service = await start(recorder);
    const entities = Array.from({ length: 1_100 }, (_, i) => ({
      event: 'STARTED',
      entity: { id: `id-${i}` },
    }));
    await service.post({ operationId: 'many', data: { entities } });
    await until(async () => (await states(service)).every((state) => state === 'dead'));

    expect(await service.get(DeliveryService).retry({})).toBe(1_100);
    await until(async () => (await states(service)).every((state) => state === 'dead'));
    expect(recorder.seen).toHaveLength(2_200);
  });

  it('frees the events behind a parked delivery by retrying or by discarding it', async () => {
    const recorder = new Recorder();
    recorder.handle = ({ type }) => {
      if (type === 'STARTED') throw new PermanentError('no such case');
    };
    const service = await start(recorder, { onDead: 'park' });
    await service.post(payload('STARTED', 'one'));
    await service.post(payload('FINISHED', 'one'));
    await until(async () => (await states(service))[0] === 'dead');
    expect(await states(service)).toEqual(['dead', 'blocked']);

    expect(await service.get(DeliveryService).discard({ interactionId: 'one', event: 'STARTED' })).toBe(1);
    await until(async () => (await states(service))[1] === 'done');
    expect(recorder.seen.map(({ type }) => type)).toEqual(['STARTED', 'FINISHED']);
  });

  it('replays what matches to one listener, in order, after a dry run told how many', async () => {
    const recorder = new Recorder();
    const service = await start(recorder);
    for (const id of ['one', 'two', 'three']) {
      await service.post(payload('STARTED', id));
      await service.post(payload('FINISHED', id));
    }
    await until(async () => (await states(service)).every((state) => state === 'done'));
    recorder.seen.length = 0;

    const deliveries = service.get(DeliveryService);
    expect(await deliveries.countReplay('recorder', { interactionId: 'two' })).toBe(2);
    expect(await deliveries.countReplay('recorder', { event: 'FINISHED' })).toBe(3);
    const id = await deliveries.replay('recorder', { interactionId: 'two' });
    await until(() => recorder.seen.length === 2);
    expect(recorder.seen.map((seen) => [seen.id, seen.type, seen.attempt])).toEqual([
      ['two', 'STARTED', 1],
      ['two', 'FINISHED', 1],
    ]);
    expect(await deliveries.replayProgress(id)).toEqual({
      id,
      listener: 'recorder',
      state: 'done',
      replayed: 2,
    });
  });

  it('pauses a listener, also across a restart, and resumes it', async () => {
    const recorder = new Recorder();
    const first = await start(recorder);
    await first.get(DeliveryService).pause('recorder');
    await first.post(payload('STARTED', 'one'));
    await first.app.close();

    const second = await start(recorder, {}, first.dataDir);
    await second.post(payload('STARTED', 'two'));
    expect(await states(second)).toEqual(['pending', 'pending']);
    expect(recorder.seen).toEqual([]);
    await second.get(DeliveryService).resume('recorder');
    await until(() => recorder.seen.length === 2);
  });

  it('gives a listener that wants the log from its beginning every stored event once, before new ones', async () => {
    const first = await TestService.start();
    services.push(first);
    await Promise.all(Array.from({ length: 1_200 }, (_, i) => first.store.append(storedEvent(i))));
    await first.app.close();

    const recorder = new Recorder();
    const second = await start(recorder, { from: 'beginning' }, first.dataDir);
    await second.post(payload('FINISHED', 'interaction-0'));
    await until(() => recorder.seen.length === 1_201);
    expect(new Set(recorder.seen.map(({ delivery }) => delivery)).size).toBe(1_201);
    const ofFirst = recorder.seen.filter(({ id }) => id === 'interaction-0').map(({ type }) => type);
    expect(ofFirst).toEqual(['STARTED', 'FINISHED']);
  });
});

function storedEvent(i: number) {
  const fields = { type: 'STARTED', mediaType: 'chat', interactionSubtype: undefined, selfUri: undefined };
  const ids = {
    interactionId: `interaction-${i}`,
    operationId: `stored-${i}`,
    channel: 'default',
    position: 0,
  };
  const keys = eventKeys(
    {
      channel: 'default',
      operationId: ids.operationId,
      interactionId: ids.interactionId,
      type: 'STARTED',
      position: 0,
    },
    Buffer.from('{}'),
  );
  return {
    channel: 'default',
    body: Buffer.from('{}'),
    traceId: undefined,
    secretIndex: 0,
    receivedAt: 1,
    events: [{ ...fields, ...ids, ...keys }],
  };
}
