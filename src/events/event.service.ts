import { Inject, Injectable, Optional, type OnModuleDestroy } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';

import { Metrics, OTHER } from '../observability/metrics.js';
import { Tracing } from '../observability/tracing.js';
import { eventKeys } from '../store/keys.js';
import type {
  AppendedEvent,
  AppendedReceipt,
  ClaimedDelivery,
  EventDraft,
  StoredEvent,
} from '../store/records.js';
import { Store } from '../store/store.js';
import { Clock } from './clock.js';
import { Dispatcher, type AttemptReport } from './dispatcher.js';
import { EVENT_TYPES, MEDIA_TYPES, type InteractionEvent } from './interaction-event.js';

/** One entry of `data.entities[]`, in the service's words. */
export type EventFields = Pick<
  EventDraft,
  'type' | 'interactionId' | 'mediaType' | 'interactionSubtype' | 'selfUri'
>;

/** An authentic, valid payload. */
export interface ReceivedPayload {
  readonly channel: string;
  /** The received bytes. */
  readonly body: Buffer;
  readonly traceId: string | undefined;
  /** Which of the channel's secrets matched, by position. */
  readonly secretIndex: number;
  readonly operationId: string | undefined;
  readonly events: readonly EventFields[];
}

/** Emits domain events: to emit is to append durably, and to wake the dispatcher. */
@Injectable()
export class EventService implements OnModuleDestroy {
  private readonly subject = new Subject<InteractionEvent>();

  /**
   * Every new event of this process, after its commit. For live views and metrics: what must not miss an
   * event is a listener ({@link OnInteraction}).
   */
  readonly events: Observable<InteractionEvent> = this.subject.asObservable();

  /** Every attempt of a listener in this process, after its result is on disk. */
  readonly attempts: Observable<AttemptReport>;

  constructor(
    private readonly store: Store,
    private readonly dispatcher: Dispatcher,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    @Optional() @Inject(Tracing) private readonly tracing: Tracing | undefined,
  ) {
    this.attempts = dispatcher.attempts;
  }

  /**
   * Stores a payload's events with a delivery for each listener that wants them. They are on disk when this
   * resolves, all of them or, when it rejects, none.
   *
   * @returns how many events were new; the others are duplicates and have no effect.
   * @throws OverloadedError, StoreUnavailableError when nothing could be stored.
   */
  async emit(payload: ReceivedPayload): Promise<number> {
    const { channel, body, traceId, secretIndex } = payload;
    const receivedAt = this.clock.now();
    const events = payload.events.map((fields, position) => toDraft(payload, fields, position));
    const draft = { channel, body, traceId, secretIndex, receivedAt, events };
    const appended =
      this.tracing === undefined
        ? await this.store.append(draft)
        : await this.tracing.commit(channel, traceId, () => this.store.append(draft));
    const fresh = this.announce(events, appended, traceId, receivedAt);
    this.metrics.accepted(channel, events.length - fresh);
    return fresh;
  }

  onModuleDestroy(): void {
    this.subject.complete();
  }

  private announce(
    drafts: readonly EventDraft[],
    appended: AppendedReceipt,
    traceId: string | undefined,
    receivedAt: number,
  ): number {
    let fresh = 0;
    let waiting = false;
    const claimed: ClaimedDelivery[] = [];
    for (const [i, result] of appended.entries()) {
      if (result.seq === 0) continue;
      fresh++;
      waiting ||= result.waiting;
      const draft = drafts[i] as EventDraft;
      const event = toStoredEvent(draft, result, traceId, receivedAt);
      const { channel, type, mediaType } = draft;
      this.metrics.stored(channel, listed(EVENT_TYPES, type), listed(MEDIA_TYPES, mediaType));
      for (const listenerId of result.claimedBy) {
        claimed.push({
          listenerId,
          owner: result.owner as number,
          attempt: 1,
          attemptsBefore: 0,
          interactionKey: draft.interactionKey,
          event,
        });
      }
      if (this.subject.observed) this.subject.next({ ...event, receivedAt: new Date(receivedAt) });
    }
    if (claimed.length > 0) this.dispatcher.accept(claimed);
    if (waiting) this.dispatcher.wake();
    return fresh;
  }
}

/** A value of the vendor's as a label, whose values must be few. */
function listed(values: readonly string[], value: string | undefined): string {
  if (value === undefined) return 'none';
  return values.includes(value) ? value : OTHER;
}

// Fields by name here and below: a spread copies through a slow path, and every event would pay for it.
function toDraft(
  { channel, body, operationId }: ReceivedPayload,
  { type, interactionId, mediaType, interactionSubtype, selfUri }: EventFields,
  position: number,
): EventDraft {
  const { dedupKey, interactionKey } = eventKeys(
    { channel, operationId, interactionId, type, position },
    body,
  );
  return {
    position,
    type,
    interactionId,
    mediaType,
    interactionSubtype,
    selfUri,
    operationId,
    channel,
    dedupKey,
    interactionKey,
  };
}

function toStoredEvent(
  draft: EventDraft,
  { seq, late }: AppendedEvent,
  traceId: string | undefined,
  receivedAt: number,
): StoredEvent {
  const { type, interactionId, mediaType, interactionSubtype, selfUri, operationId, channel } = draft;
  return {
    seq,
    type,
    interactionId,
    mediaType,
    interactionSubtype,
    selfUri,
    operationId,
    channel,
    late,
    traceId,
    receivedAt,
  };
}
