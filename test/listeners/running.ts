import type { Environment } from '../../src/config/app-config.js';
import type { DeliveryState } from '../../src/store/schema.js';
import { TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { LocalServer } from './local-server.js';

/** What a test has started, and what has to be stopped after it. */
export class Running {
  private readonly started: { stop(): Promise<void> }[] = [];

  async service(env: Environment, dataDir?: string): Promise<TestService> {
    const service = await TestService.start(env, dataDir === undefined ? {} : { dataDir });
    this.started.push(service);
    return service;
  }

  async server(...args: Parameters<typeof LocalServer.start>): Promise<LocalServer> {
    const server = await LocalServer.start(...args);
    this.started.push(server);
    return server;
  }

  async stop(): Promise<void> {
    for (const one of this.started.splice(0).reverse()) await one.stop();
  }
}

/** A delivery, and the last error of its attempts. */
export interface DeliveryRow {
  readonly state: DeliveryState;
  readonly due_at: number | null;
  readonly last_error: string | null;
}

/** All deliveries, in the order of their events. */
export function deliveriesOf({ store }: TestService): Promise<DeliveryRow[]> {
  const query = store.builder.selectFrom('deliveries').select(['state', 'due_at', 'last_error']);
  return store.query(query.orderBy('seq'));
}

/** Waits until the only delivery is in a state. */
export async function untilDelivery(service: TestService, state: DeliveryState): Promise<DeliveryRow> {
  await until(async () => (await deliveriesOf(service))[0]?.state === state);
  return (await deliveriesOf(service))[0] as DeliveryRow;
}

/** How each failed attempt ended, in order. */
export async function outcomesOf({ store }: TestService): Promise<string[]> {
  const query = store.builder.selectFrom('attempts').select('outcome').orderBy('seq').orderBy('attempt');
  return (await store.query(query)).map(({ outcome }) => outcome);
}

/** A valid payload with one event; `fields` are those of its entity. */
export function event(type: 'STARTED' | 'FINISHED', id: string, fields: object = {}): object {
  const entity = { id, mediaType: 'chat', interactionSubtype: 'InboundNew', ...fields };
  return { operationId: `${type}-${id}`, data: { entities: [{ event: type, entity }] } };
}
