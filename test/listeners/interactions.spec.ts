import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { InteractionEvent } from '../../src/events/interaction-event.js';
import { DeliveryService } from '../../src/events/delivery.service.js';
import { InteractionsListener } from '../../src/listeners/interactions/interactions.listener.js';
import { InteractionsService } from '../../src/listeners/interactions/interactions.service.js';
import { payload, type TestService } from '../support/service.js';
import { eventsOf } from '../support/rows.js';
import { until } from '../support/until.js';
import { deliveriesOf, event, Running } from './running.js';

const running = new Running();
afterEach(() => running.stop());

const start = (env: object = {}): Promise<TestService> => running.service({ INTERACTIONS: 'on', ...env });

/** Waits until every event was delivered. */
async function untilAllDone(service: TestService, events: number): Promise<InteractionsService> {
  await until(async () => {
    const done = (await deliveriesOf(service)).filter(({ state }) => state === 'done');
    return done.length === events;
  });
  return service.get(InteractionsService);
}

const ids = async (list: ReturnType<InteractionsService['list']>): Promise<string[]> =>
  (await list).map(({ interactionId }) => interactionId);

describe('interactions', () => {
  it('knows when an interaction started and finished, and how long it took', async () => {
    const service = await start();
    await service.post(event('STARTED', 'one', { selfUri: '/a' }));
    const started = await (await untilAllDone(service, 1)).find('one');
    expect(started).toMatchObject({
      state: 'started',
      stuck: false,
      missingStart: false,
      channel: 'default',
    });
    expect(started?.finishedAt).toBeUndefined();
    expect(started?.durationMs).toBeUndefined();

    await service.post(event('FINISHED', 'one', { mediaType: undefined }));
    const finished = await (await untilAllDone(service, 2)).find('one');
    const [first, second] = (await eventsOf(service)).map(({ received_at: at }) => at) as [number, number];
    expect(finished).toEqual({
      seq: 1,
      interactionId: 'one',
      channel: 'default',
      state: 'finished',
      startedAt: new Date(first),
      lateStartedAt: undefined,
      finishedAt: new Date(second),
      durationMs: second - first,
      missingStart: false,
      stuck: false,
      mediaType: 'chat',
      interactionSubtype: 'InboundNew',
      selfUri: '/a',
    });
  });

  it('says that a STARTED is missing, then that it is late, and never reopens', async () => {
    const service = await start();
    await service.post(event('FINISHED', 'one'));
    const interactions = await untilAllDone(service, 1);
    expect(await interactions.find('one')).toMatchObject({ state: 'finished', missingStart: true });
    expect(await ids(interactions.list('missing-start'))).toEqual(['one']);

    await service.post(event('STARTED', 'one'));
    await untilAllDone(service, 2);
    const late = await interactions.find('one');
    expect(late).toMatchObject({ state: 'finished', missingStart: false, stuck: false });
    expect(late?.lateStartedAt).toBeInstanceOf(Date);
    expect([late?.startedAt, late?.durationMs]).toEqual([undefined, undefined]);
    expect(await ids(interactions.list('late-start'))).toEqual(['one']);
    expect(await ids(interactions.list('missing-start'))).toEqual([]);
    expect(await ids(interactions.list('started'))).toEqual([]);
  });

  it('says that an interaction is stuck once it has not finished in time, and no longer when it has', async () => {
    const service = await start({ INTERACTIONS_STUCK_AFTER: '1' });
    await service.post(event('STARTED', 'one'));
    const interactions = await untilAllDone(service, 1);
    const startedAt = (await eventsOf(service))[0]?.received_at ?? NaN;
    await until(async () => (await interactions.find('one'))?.stuck === true);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_000);
    expect(await ids(interactions.list('stuck'))).toEqual(['one']);

    await service.post(event('FINISHED', 'one'));
    await untilAllDone(service, 2);
    expect(await interactions.find('one')).toMatchObject({ state: 'finished', stuck: false });
    expect(await ids(interactions.list('stuck'))).toEqual([]);
  });

  it('is not stuck before its time', async () => {
    const service = await start();
    await service.post(event('STARTED', 'one'));
    const interactions = await untilAllDone(service, 1);
    expect(await interactions.list('stuck')).toEqual([]);
    expect(await ids(interactions.list('started'))).toEqual(['one']);
  });

  it('does not change when its events are delivered again', async () => {
    const service = await start();
    for (const type of ['STARTED', 'FINISHED'] as const) {
      for (const id of ['one', 'two']) await service.post(event(type, id));
    }
    const interactions = await untilAllDone(service, 4);
    const before = await interactions.list();
    const replay = await service.get(DeliveryService).replay('interactions');
    await until(async () => {
      const progress = await service.get(DeliveryService).replayProgress(replay);
      return progress?.state === 'done';
    });
    await untilAllDone(service, 4);
    expect(await interactions.list()).toEqual(before);
  });

  it('becomes the same however often and in whatever order deliveries end', async () => {
    const service = await start();
    const listener = service.get(InteractionsListener);
    const interactions = service.get(InteractionsService);
    const log = [
      { seq: 1, type: 'STARTED', late: false, at: 1_000 },
      { seq: 2, type: 'STARTED', late: false, at: 2_000 },
      { seq: 3, type: 'FINISHED', late: false, at: 3_000 },
      { seq: 4, type: 'STARTED', late: true, at: 4_000 },
      { seq: 5, type: 'FINISHED', late: false, at: 5_000 },
    ];
    const deliveries = fc
      .tuple(fc.shuffledSubarray(log, { minLength: log.length }), fc.array(fc.constantFrom(...log)))
      .map(([all, again]) => [...all, ...again]);
    let run = 0;
    const shuffled = fc.asyncProperty(deliveries, async (events) => {
      const interactionId = `run-${++run}`;
      for (const { seq, type, late, at } of events) {
        await listener.project({ ...blank, seq, type, late, interactionId, receivedAt: new Date(at) });
      }
      expect(await interactions.find(interactionId)).toMatchObject({
        seq: 1,
        state: 'finished',
        startedAt: new Date(1_000),
        finishedAt: new Date(3_000),
        lateStartedAt: new Date(4_000),
        durationMs: 2_000,
      });
    });
    await fc.assert(shuffled, { numRuns: 25 });
  });

  it('covers what was stored before it was turned on', async () => {
    const before = await running.service({});
    await before.post(event('STARTED', 'one'));
    await before.post(event('FINISHED', 'one'));
    await before.app.close();
    const service = await running.service({ INTERACTIONS: 'on' }, before.dataDir);
    const interactions = await untilAllDone(service, 2);
    expect(await interactions.find('one')).toMatchObject({ state: 'finished', missingStart: false });
  });

  it('tells channels apart, and leaves out events without an id', async () => {
    const service = await start({ WEBHOOK_SECRET_EMEA: 'test-secret' });
    await service.post(event('STARTED', 'one'));
    await service.post(event('FINISHED', 'one'), {}, '/nexus/v3/some/interactions/webhook/path/emea');
    await service.post({ operationId: 'op', data: { entities: [{ event: 'STARTED' }] } });
    const interactions = await untilAllDone(service, 3);
    expect(await interactions.find('one')).toMatchObject({ state: 'started' });
    expect(await interactions.find('one', 'emea')).toMatchObject({ state: 'finished', missingStart: true });
    expect(await interactions.find('two')).toBeUndefined();
    expect(await interactions.list()).toHaveLength(2);
  });

  it('lists the latest first, page by page', async () => {
    const service = await start();
    for (const id of ['a', 'b', 'c', 'd', 'e']) await service.post(payload('STARTED', id));
    await service.post(payload('FINISHED', 'c'));
    const interactions = await untilAllDone(service, 6);
    const first = await interactions.list('all', { limit: 2 });
    const second = await interactions.list('all', { limit: 2, before: first.at(-1)?.seq ?? 0 });
    expect([...first, ...second].map(({ interactionId }) => interactionId)).toEqual(['e', 'd', 'c', 'b']);
    expect(await ids(interactions.list('finished'))).toEqual(['c']);
    expect(await ids(interactions.list('started'))).toEqual(['e', 'd', 'b', 'a']);
  });

  it('is off unless turned on', async () => {
    const service = await running.service({});
    await service.post(event('STARTED', 'one'));
    expect(await deliveriesOf(service)).toEqual([]);
    expect(() => service.get(InteractionsService)).toThrow();
  });
});

const blank: InteractionEvent = {
  seq: 0,
  type: undefined,
  interactionId: undefined,
  mediaType: undefined,
  interactionSubtype: undefined,
  selfUri: undefined,
  operationId: undefined,
  channel: 'default',
  late: false,
  traceId: undefined,
  receivedAt: new Date(0),
};
