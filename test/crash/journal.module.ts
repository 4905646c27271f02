/**
 * The listener of the crash test: it writes down all that it is handed, where a killed process cannot take
 * it along, and fails now and then.
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { Injectable, Module } from '@nestjs/common';

import { OnInteraction, type Delivery, type InteractionEvent } from '../../src/index.js';
import { line, type Step } from './journal.js';

const FAILING = 0.05;
const LONGEST_MS = 4;

// "a" is O_APPEND: what one process writes goes behind what the one before it wrote.
const file = openSync(process.env['JOURNAL'] ?? '', 'a');

@Injectable()
class JournalListener {
  // Attempts that a kill cuts off count: a delivery must not run out of them here.
  @OnInteraction({ name: 'journal' }, { attempts: 1_000, baseDelayMs: 20, maxDelayMs: 100 })
  async write(event: InteractionEvent, delivery: Delivery): Promise<void> {
    const note = (step: Step): void => {
      const { interactionId = '', type = '', seq } = event;
      writeSync(file, line({ step, interaction: interactionId, type, seq, delivery: delivery.id }));
    };
    note('begin');
    await delay(Math.random() * LONGEST_MS);
    if (Math.random() < FAILING) {
      note('fail');
      throw new Error('Now and then.');
    }
    note('done');
  }
}

@Module({ providers: [JournalListener] })
export class JournalModule {}
