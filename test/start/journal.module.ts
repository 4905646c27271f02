/** A listener that writes down what it is handed, and does what the id of the interaction says. */
import { openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { Injectable, Module } from '@nestjs/common';

import { OnInteraction, type Delivery, type InteractionEvent } from '../../src/index.js';

const file = openSync(process.env['JOURNAL'] ?? '', 'a');

const BEHAVIOURS: Readonly<Record<string, (signal: AbortSignal) => unknown>> = {
  endless: () => new Promise(() => undefined),
  // Gives up when it is asked to.
  obedient: (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    }),
  // Finishes what it has begun although it is asked to stop.
  thorough: (signal) =>
    new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => void delay(200).then(resolve));
    }),
};

@Injectable()
class JournalListener {
  @OnInteraction({ name: 'journal' })
  async handle({ interactionId = '' }: InteractionEvent, { id, attempt, signal }: Delivery): Promise<void> {
    const note = (what: string): void => void writeSync(file, `${what} ${interactionId} ${id} ${attempt}\n`);
    note('begin');
    signal.addEventListener('abort', () => note('abort'));
    await BEHAVIOURS[interactionId]?.(signal);
    note('done');
  }
}

@Module({ providers: [JournalListener] })
export class JournalModule {}
