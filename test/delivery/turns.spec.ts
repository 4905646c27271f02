import { afterEach, describe, expect, it } from '@jest/globals';

import { Recorder } from '../support/listeners.js';
import { TestService } from '../support/service.js';
import { until } from '../support/until.js';

const EVENTS = 60;

let service: TestService | undefined;
afterEach(() => service?.stop());

/** How many turns of the event loop have begun. */
let turns = 0;
let counting: NodeJS.Immediate;
const count = (): void => {
  turns++;
  counting = setImmediate(count);
};
afterEach(() => clearImmediate(counting));

/** The turn in which each event of one request was handed to a listener that takes them one at a time. */
async function turnsOf(handle: () => void): Promise<number[]> {
  const recorder = new Recorder();
  const begun: number[] = [];
  recorder.handle = () => {
    begun.push(turns);
    handle();
  };
  service = await TestService.start({}, { listeners: [recorder.module({ concurrency: 1 })] });
  count();
  const entities = Array.from({ length: EVENTS }, (_, i) => ({
    event: 'STARTED',
    entity: { id: `id-${i}` },
  }));
  expect((await service.post({ operationId: 'o', data: { entities } })).status).toBe(200);
  await until(() => begun.length === EVENTS);
  return begun;
}

describe('deliveries that are claimed', () => {
  it('follow each other in one turn of the event loop while their handlers take no time', async () => {
    expect(new Set(await turnsOf(() => undefined)).size).toBeLessThan(EVENTS / 2);
  });

  it('leave the event loop to requests when their handlers take long', async () => {
    const long = (): void => {
      const end = performance.now() + 10;
      while (performance.now() < end);
    };
    expect(new Set(await turnsOf(long)).size).toBeGreaterThan(EVENTS / 2);
  });
});
