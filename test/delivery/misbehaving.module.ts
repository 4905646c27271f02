/** A listener that behaves as badly as the id of the interaction says, and writes down what it was handed. */
import { openSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

import { Injectable, Module } from '@nestjs/common';

import { OnInteraction, type Delivery, type InteractionEvent } from '../../src/index.js';

const file = openSync(process.env['JOURNAL'] ?? '', 'a');
const LOOP_MS = 2_000;

const BEHAVIOURS: Readonly<Record<string, () => unknown>> = {
  // When others have begun, too, and before their results are stored.
  exit: () => turn().then(() => process.exit(1)),
  'stray-exception': () => {
    setImmediate(() => {
      throw new Error('nothing catches this');
    });
  },
  'stray-rejection': () => {
    setImmediate(() => void Promise.reject(new Error('nobody waits for this')));
  },
  'stray-null': () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- that is what is odd about it
    setImmediate(() => void Promise.reject(null));
  },
  loop: () => {
    const end = performance.now() + LOOP_MS;
    while (performance.now() < end);
  },
};

@Injectable()
class MisbehavingListener {
  @OnInteraction({ name: 'misbehaving' }, { attempts: 3, baseDelayMs: 0 })
  async handle({ interactionId = '' }: InteractionEvent, { attempt }: Delivery): Promise<void> {
    writeSync(file, `begin ${interactionId} ${attempt}\n`);
    await BEHAVIOURS[interactionId]?.();
    writeSync(file, `done ${interactionId} ${attempt}\n`);
  }
}

@Module({ providers: [MisbehavingListener] })
export class MisbehavingModule {}
