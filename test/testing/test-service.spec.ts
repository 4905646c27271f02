import { existsSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';

import { AppConfig } from '../../src/config/app-config.js';
import { RetryLaterError, type Delivery } from '../../src/events/delivery.js';
import type { InteractionEvent } from '../../src/events/interaction-event.js';
import { OnInteraction } from '../../src/events/on-interaction.decorator.js';
import {
  interactionEvent,
  interactionPayload,
  startTestService,
  TestClock,
  type TestService,
  type TestServiceOptions,
} from '../../src/testing/index.js';

const seen: { event: InteractionEvent; attempt: number }[] = [];
let handle: (event: InteractionEvent, delivery: Delivery) => unknown = () => undefined;

@Injectable()
class CrmListener {
  @OnInteraction({ name: 'crm', event: 'FINISHED' }, { attempts: 10, onDead: 'park' })
  close(event: InteractionEvent, delivery: Delivery): unknown {
    seen.push({ event, attempt: delivery.attempt });
    return handle(event, delivery);
  }

  @OnInteraction({ name: 'history' }, { from: 'beginning' })
  record(): void {
    // Success.
  }
}
@Module({ providers: [CrmListener] })
class CrmModule {}

const fail = (error = new Error('no answer')): never => {
  throw error;
};

describe('a test service', () => {
  let service: TestService | undefined;
  beforeEach(() => {
    seen.length = 0;
    handle = () => undefined;
  });
  afterEach(async () => {
    await service?.stop();
    service = undefined;
  });
  async function start(options: TestServiceOptions = {}): Promise<TestService> {
    return (service = await startTestService({ listeners: [CrmModule], ...options }));
  }

  it('takes a signed payload and hands its events to the listeners that want them', async () => {
    const { post, settled } = bind(await start());
    const event = interactionEvent({ type: 'FINISHED', mediaType: 'email' });
    expect(await post(interactionPayload({ ...event, type: 'STARTED' }, event))).toMatchObject({
      status: 200,
      body: { data: { ids: [{ id: event.interactionId }, { id: event.interactionId }] } },
    });
    const { interactionId } = event;
    const done = { interactionId, state: 'done', attempts: 1, lastError: undefined };
    expect(await settled()).toEqual([
      { ...done, listener: 'history', seq: 1, type: 'STARTED' },
      { ...done, listener: 'crm', seq: 2, type: 'FINISHED' },
      { ...done, listener: 'history', seq: 2, type: 'FINISHED' },
    ]);
    expect(seen).toMatchObject([{ attempt: 1, event: { interactionId, mediaType: 'email', seq: 2 } }]);
  });

  it('waits for no retry: settled moves the clock to each of them', async () => {
    const clock = new TestClock('2026-06-14T08:00:00Z');
    const { post, settled } = bind(await start({ clock }));
    handle = (_, { attempt }) => (attempt < 10 ? fail() : undefined);
    await post(interactionPayload(interactionEvent({ type: 'FINISHED' })));
    expect((await settled())[0]).toMatchObject({ listener: 'crm', state: 'done', attempts: 10 });
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(seen[0]?.event.receivedAt).toEqual(new Date('2026-06-14T08:00:00Z'));
    // Nine delays, each twice the one before: 1 s to 256 s.
    expect(clock.now()).toBe(Date.parse('2026-06-14T08:00:00Z') + 511_000);
  });

  it('leaves time alone for a test that moves it itself', async () => {
    const running = await start();
    handle = (_, { attempt }) => (attempt === 1 ? fail(new RetryLaterError(60)) : undefined);
    await running.post(interactionPayload(interactionEvent({ type: 'FINISHED' })));
    const crm = async () => (await running.idle()).find(({ listener }) => listener === 'crm');
    expect(await crm()).toMatchObject({ state: 'pending', attempts: 1 });
    running.clock.advance(59_999);
    expect(await crm()).toMatchObject({ state: 'pending', attempts: 1 });
    running.clock.advance(1);
    expect(await crm()).toMatchObject({ state: 'done', attempts: 2 });
  });

  it('shows what is dead, why, and what it holds back', async () => {
    const { post, settled } = bind(await start());
    handle = () => fail();
    const event = interactionEvent({ type: 'FINISHED' });
    await post(interactionPayload(event));
    await post(interactionPayload({ ...event, operationId: 'another' }));
    const deliveries = (await settled()).filter(({ listener }) => listener === 'crm');
    expect(deliveries).toMatchObject([
      { state: 'dead', attempts: 10, lastError: expect.stringContaining('Error: no answer') },
      { state: 'blocked', attempts: 0 },
    ]);
  });

  it('waits for what still runs', async () => {
    const { post, settled } = bind(await start());
    let finish: (() => void) | undefined;
    handle = () => new Promise<void>((resolve) => (finish = resolve));
    await post(interactionPayload(interactionEvent({ type: 'FINISHED' })));
    let over = false;
    const deliveries = settled().finally(() => (over = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(over).toBe(false);
    finish?.();
    expect((await deliveries).map(({ state }) => state)).toEqual(['done', 'done']);
  });

  it('has the configuration and the channels that a test gives it', async () => {
    const running = await start({
      env: { UNKNOWN_VALUES: 'accept', WEBHOOK_SECRET_EMEA: 'emea', LISTENERS: './ignored.js' },
    });
    const payload = interactionPayload(interactionEvent({ type: 'FINISHED', mediaType: 'telex' }));
    expect(await running.post(payload, { channel: 'emea' })).toMatchObject({ status: 200 });
    await running.settled();
    expect(seen[0]?.event).toMatchObject({ mediaType: 'telex', channel: 'emea' });
    expect(running.get(AppConfig).unknownValues).toBe('accept');
    await expect(running.post({}, { channel: 'apac' })).rejects.toThrow('The channel apac has no secret');
  });

  it('answers as the service does to what it does not take', async () => {
    const { post } = bind(await start());
    expect(await post('{"data": 1}')).toMatchObject({ status: 400 });
    expect(await post(Buffer.from('{}'), { headers: { 'x-hub-signature': 'sha1=0' } })).toMatchObject({
      status: 401,
    });
  });

  it('leaves nothing behind, whether it stops or cannot start', async () => {
    const { dataDir } = (await start()).get(AppConfig);
    expect(existsSync(dataDir)).toBe(true);
    await service?.stop();
    service = undefined;
    expect(existsSync(dataDir)).toBe(false);
    await expect(start({ listeners: [CrmModule, Again] })).rejects.toThrow('Two listeners are named "crm"');
    expect(OtherListener.dataDir).toMatch(/interactions-webhook-test-/);
    expect(existsSync(OtherListener.dataDir)).toBe(false);
    await expect(start({ env: { PORT: 'x' } })).rejects.toThrow('PORT');
  });
});

@Injectable()
class OtherListener {
  static dataDir = '';

  constructor({ dataDir }: AppConfig) {
    OtherListener.dataDir = dataDir;
  }

  @OnInteraction({ name: 'crm' })
  handle(): void {
    // Never started.
  }
}
@Module({ providers: [OtherListener] })
class Again {}

/** So that a test can name what it uses. */
function bind(service: TestService) {
  return {
    post: service.post.bind(service),
    settled: () => service.settled(),
  };
}
