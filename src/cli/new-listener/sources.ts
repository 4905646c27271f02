import type { Names } from './names.js';

/** The listener itself. */
export function listenerSource({ name, className }: Names): string {
  return `import { Injectable, Logger } from '@nestjs/common';
import { OnInteraction, type Delivery, type InteractionEvent } from 'interactions-webhook';

@Injectable()
export class ${className}Listener {
  private readonly logger = new Logger(${className}Listener.name);

  /**
   * Runs for every event that matches, at least once, in order per interaction. What it throws is a failed
   * attempt, and tried again; PermanentError and RetryLaterError say otherwise.
   */
  @OnInteraction({ name: '${name}', event: ['STARTED', 'FINISHED'] }, { attempts: 10, timeoutMs: 30_000 })
  async handle(event: InteractionEvent, delivery: Delivery): Promise<void> {
    // Your work. Hand delivery.signal to fetch, and use delivery.id as the idempotency key.
    this.logger.log(\`\${event.type} \${event.interactionId} (\${event.mediaType}), attempt \${delivery.attempt}\`);
  }
}
`;
}

/** The module that the service loads. */
export function moduleSource({ name, className }: Names): string {
  return `import { Module } from '@nestjs/common';

import { ${className}Listener } from './${name}.listener.js';

@Module({ providers: [${className}Listener] })
export class ${className}Module {}
`;
}

/** The test. */
export function specSource({ name, className }: Names): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';

import { deliver, interactionEvent, interactionPayload, startTestService } from 'interactions-webhook/testing';

import { ${className}Listener } from './${name}.listener.js';
import { ${className}Module } from './${name}.module.js';

test('an interaction that FINISHED is handled', async () => {
  const event = interactionEvent({ type: 'FINISHED', mediaType: 'email' });
  assert.deepEqual(await deliver(new ${className}Listener(), event), { outcome: 'done' });
});

test('the service loads the listener and hands it what it receives', async (t) => {
  const service = await startTestService({ listeners: [${className}Module] });
  t.after(() => service.stop());
  const { status } = await service.post(interactionPayload(interactionEvent()));
  assert.equal(status, 200);
  const [delivery] = await service.settled();
  assert.deepEqual([delivery?.listener, delivery?.state], ['${name}', 'done']);
});
`;
}

export const GITIGNORE = 'node_modules/\ndist/\ndata/\n.env\n';
