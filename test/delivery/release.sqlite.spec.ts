import { afterEach, describe, expect, it } from '@jest/globals';

import { DeliveryService } from '../../src/events/delivery.service.js';
import { Recorder } from '../support/listeners.js';
import { statesOf } from '../support/rows.js';
import { TestService } from '../support/service.js';
import { until } from '../support/until.js';

const EVENTS = 10;
/** A worker is retired some heartbeats after its claims were lost. */
const LIMIT_MS = 60_000;

let service: TestService | undefined;
afterEach(() => service?.stop());

const execute = (sql: string): Promise<unknown> =>
  (service as TestService).store.call('query', { sql, parameters: [] });

describe('deliveries that are given back', () => {
  it(
    'are delivered in the end where the store refused to take them back',
    async () => {
      const recorder = new Recorder();
      let finish = (): void => undefined;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      recorder.handle = () => finished;
      service = await TestService.start({}, { listeners: [recorder.module({ concurrency: 1 })] });
      const entities = Array.from({ length: EVENTS }, (_, i) => ({
        event: 'STARTED',
        entity: { id: `id-${i}` },
      }));
      await service.post({ operationId: 'o', data: { entities } });
      await until(() => recorder.seen.length === 1);

      await execute(
        `create trigger refuse before update of state on deliveries
       when old.state = 'running' and new.state = 'pending' begin select raise(abort, 'refused'); end`,
      );
      await expect(service.get(DeliveryService).pause('recorder')).rejects.toThrow('refused');
      await execute('drop trigger refuse');
      await service.get(DeliveryService).resume('recorder');
      finish();

      await until(
        async () => (await statesOf(service as TestService)).every((state) => state === 'done'),
        LIMIT_MS,
      );
      expect(recorder.seen.map(({ id, attempt }) => `${id} ${attempt}`).sort()).toEqual(
        entities.map(({ entity }) => `${entity.id} 1`).sort(),
      );
    },
    LIMIT_MS,
  );
});
