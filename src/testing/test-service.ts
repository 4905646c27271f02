import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { firstValueFrom, race, timer } from 'rxjs';

import { createApp } from '../app.js';
import { AppConfig, DEFAULT_CHANNEL, type Environment } from '../config/app-config.js';
import { Clock } from '../events/clock.js';
import { Dispatcher } from '../events/dispatcher.js';
import { Store } from '../store/store.js';
import { sign } from '../webhook/signature.js';
import { LogOfDeliveries, type SettledDelivery } from './log-of-deliveries.js';
import { TestClock } from './test-clock.js';

export type { SettledDelivery } from './log-of-deliveries.js';

/** How long {@link TestService.settled} waits for handlers that run. */
const SETTLE_LIMIT_MS = 10_000;
/** How often it looks whether an attempt ends that says nothing of it. */
const LOOK_MS = 20;

/** How {@link startTestService} starts. */
export interface TestServiceOptions {
  /** Modules of listeners, as `LISTENERS` would load them. */
  readonly listeners?: readonly Type[];
  /** Variables of the configuration, such as `UNKNOWN_VALUES`; the process's own are not read. */
  readonly env?: Environment;
  /** The time of the service: it stands still unless the test, or {@link TestService.settled}, moves it. */
  readonly clock?: TestClock;
}

/** How {@link TestService.post} posts. */
export interface PostOptions {
  /** A named channel; its secret is `WEBHOOK_SECRET_<CHANNEL>` of `env`. */
  readonly channel?: string;
  /** Headers beside the signature, or instead of it. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the service answered. */
export interface WebhookAnswer {
  readonly status: number;
  /** The body, parsed. */
  readonly body: unknown;
}

/** The real service, listening on a free port of this machine, with a store that is removed when it stops. */
export class TestService {
  private constructor(
    private readonly app: NestFastifyApplication,
    /** Where the webhook is. */
    readonly url: string,
    readonly clock: TestClock,
    private readonly folder: string,
  ) {}

  /** @see startTestService */
  static async start({
    listeners = [],
    env,
    clock = new TestClock(),
  }: TestServiceOptions): Promise<TestService> {
    const folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-test-'));
    try {
      const config = AppConfig.load({
        WEBHOOK_SECRET: 'test',
        PORT: '0',
        LOG_LEVEL: 'silent',
        AUDIT_LOG: 'off',
        DATA_DIR: folder,
        ...env,
      });
      const app = await createApp(config, { listeners });
      Object.assign(app.get(Clock), { now: () => clock.now(), random: () => clock.random() });
      try {
        await app.listen({ host: config.host, port: config.port });
      } catch (error) {
        await app.close();
        throw error;
      }
      return new TestService(app, `${await app.getUrl()}${config.webhookPath}`, clock, folder);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /**
   * Posts a body, signed with the channel's secret, and waits for the answer.
   *
   * @param body an object is sent as JSON; text and bytes as they are.
   * @example
   * const { status } = await service.post(interactionPayload(interactionEvent({ type: 'FINISHED' })));
   */
  async post(
    body: object | string | Uint8Array,
    { channel = DEFAULT_CHANNEL, headers = {} }: PostOptions = {},
  ): Promise<WebhookAnswer> {
    const [key] = this.app.get(AppConfig).secrets.get(channel) ?? [];
    if (key === undefined) throw new Error(`The channel ${channel} has no secret: set it in "env".`);
    const bytes = toBytes(body);
    const response = await fetch(channel === DEFAULT_CHANNEL ? this.url : `${this.url}/${channel}`, {
      method: 'POST',
      body: bytes,
      headers: { 'content-type': 'application/json', 'x-hub-signature': sign(key, bytes), ...headers },
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }

  /**
   * Waits until nothing runs or is due: every delivery is done, dead, or waits for its next attempt, to which
   * the clock can then be moved.
   *
   * @returns how the deliveries stand.
   * @throws Error that names what still runs after 10 s.
   */
  async idle(): Promise<readonly SettledDelivery[]> {
    const end = performance.now() + SETTLE_LIMIT_MS;
    const log = new LogOfDeliveries(this.app.get(Store));
    const dispatcher = this.app.get(Dispatcher);
    for (;;) {
      const busy = await log.busy(this.clock.now());
      if (busy.length === 0) return log.all();
      if (performance.now() > end) {
        throw new Error(`Not settled within ${SETTLE_LIMIT_MS} ms: ${busy.join(', ')}.`);
      }
      dispatcher.wake();
      await firstValueFrom(race(dispatcher.attempts, timer(LOOK_MS)));
    }
  }

  /**
   * Waits until every delivery is done or dead. Nobody waits for a retry: the clock is moved to it.
   *
   * @returns how the deliveries ended, in the order of the events; those behind a dead one with
   * `onDead: 'park'` are `blocked`.
   * @throws Error that names what still runs after 10 s.
   * @example
   * await service.post(interactionPayload(interactionEvent({ type: 'FINISHED' })));
   * const [delivery] = await service.settled();
   * assert.equal(delivery?.state, 'done');
   */
  async settled(): Promise<readonly SettledDelivery[]> {
    for (;;) {
      const deliveries = await this.idle();
      const due = await new LogOfDeliveries(this.app.get(Store)).nextDue();
      if (due === undefined) return deliveries;
      this.clock.advance(Math.max(0, due - this.clock.now()));
    }
  }

  /** A provider of the service or of a listener's module, by its class. */
  get<T extends object>(type: { readonly prototype: T }): T {
    return this.app.get(type as Type<T>, { strict: false });
  }

  /** Stops the service and removes its store. */
  async stop(): Promise<void> {
    await this.app.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Starts the real service for a test: listening, signed, on a store of its own. {@link TestService.stop} it.
 *
 * @throws ConfigError, ListenerError when it cannot start; nothing is left behind then.
 * @throws whatever a provider's constructor throws; then the thread of the store is left, see `createApp`.
 * @example
 * const service = await startTestService({ listeners: [CrmModule] });
 * await service.post(interactionPayload(interactionEvent({ type: 'FINISHED' })));
 * const [delivery] = await service.settled();
 * assert.equal(delivery?.state, 'done');
 * await service.stop();
 */
export function startTestService(options: TestServiceOptions = {}): Promise<TestService> {
  return TestService.start(options);
}

function toBytes(body: object | string | Uint8Array): Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
}
