/** A listener that says what it is handed, and does not end its first attempt before the process was woken. */
import { existsSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { Injectable, Module } from '@nestjs/common';

import { OnInteraction, PermanentError, type Delivery, type InteractionEvent } from '../../src/index.js';

/** Exists once the replica that stood still goes on. */
const woken = process.env['WOKEN'] ?? '';
const isFirst = process.env['REPLICA'] === 'first';

@Injectable()
class FencedListener {
  @OnInteraction({ name: 'fenced' }, { timeoutMs: 120_000 })
  async handle({ type }: InteractionEvent, { attempt }: Delivery): Promise<void> {
    writeSync(1, `handed ${type} attempt ${attempt}\n`);
    if (!isFirst || existsSync(woken)) return;
    while (!existsSync(woken)) await delay(20);
    // Were it taken for what it says, the delivery would be dead.
    throw new PermanentError('Said too late.');
  }
}

@Module({ providers: [FencedListener] })
export class FencedModule {}
