import { Injectable, Module, type Type } from '@nestjs/common';

import type { Delivery } from '../../src/events/delivery.js';
import type { InteractionEvent } from '../../src/events/interaction-event.js';
import { OnInteraction, type ListenerOptions } from '../../src/events/on-interaction.decorator.js';

/** What a listener was handed. */
export interface Seen {
  readonly type: string | undefined;
  readonly id: string | undefined;
  readonly attempt: number;
  readonly delivery: string;
}

/** What a listener was handed, and what it does with it. */
export class Recorder {
  readonly seen: Seen[] = [];
  handle: (event: InteractionEvent, delivery: Delivery) => unknown = () => undefined;

  constructor(readonly name = 'recorder') {}

  record(event: InteractionEvent, delivery: Delivery): unknown {
    const { type, interactionId: id } = event;
    this.seen.push({ type, id, attempt: delivery.attempt, delivery: delivery.id });
    return this.handle(event, delivery);
  }

  /** A listener module as a user would write one. Retries are immediate unless `options` say otherwise. */
  module(options: ListenerOptions = {}): Type {
    const record = this.record.bind(this);
    @Injectable()
    class RecordingListener {
      @OnInteraction({ name: this.name }, { baseDelayMs: 0, ...options })
      handle(event: InteractionEvent, delivery: Delivery): unknown {
        return record(event, delivery);
      }
    }
    @Module({ providers: [RecordingListener] })
    class RecordingModule {}
    return RecordingModule;
  }
}
