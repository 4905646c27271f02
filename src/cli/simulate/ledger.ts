import type { Outcome } from '../send/sender.js';
import { Tally } from '../send/tally.js';
import type { VendorEvent } from './interactions.js';
import type { PlannedRequest } from './traffic.js';

/** An event that was sent, and what is known of it. */
export interface SentEvent {
  readonly event: VendorEvent;
  readonly channel: string;
  readonly operationId: string;
  /** Made up, and signed with a secret that nobody knows. */
  readonly forged: boolean;
  acknowledged: boolean;
}

/** What the vendor has sent, and what became of it. */
export class Ledger {
  /** Every answer, and every request without one. */
  readonly answers = new Tally(0);
  /** Every event by {@link keyOf}. */
  readonly events = new Map<string, SentEvent>();
  /** Requests with new events, those among them with several, and what became of them. */
  readonly requests = { sent: 0, batches: 0, acknowledged: 0, givenUp: 0, redeliveries: 0 };
  readonly duplicates = { sent: 0, acknowledged: 0 };
  readonly forged = { sent: 0, refused: 0, accepted: 0 };

  /** Notes that a request is sent for the first time. */
  sent({ kind, channel, operationId, events }: PlannedRequest): void {
    if (kind === 'duplicate') {
      this.duplicates.sent++;
      return;
    }
    const forged = kind === 'forged';
    for (const event of events) {
      const sent = { event, channel, operationId, forged, acknowledged: false };
      this.events.set(keyOf(event.id, event.event), sent);
    }
    if (forged) {
      this.forged.sent++;
      return;
    }
    this.requests.sent++;
    if (events.length > 1) this.requests.batches++;
  }

  /** Notes what became of one attempt. */
  attempted({ kind, events }: PlannedRequest, attempt: number, outcome: Outcome): void {
    this.answers.add(outcome);
    const status = 'status' in outcome ? outcome.status : undefined;
    if (kind === 'forged') {
      if (status === 401) this.forged.refused++;
      if (status === 200) this.forged.accepted++;
      return;
    }
    if (attempt > 1) this.requests.redeliveries++;
    if (status !== 200) return;
    (kind === 'new' ? this.requests : this.duplicates).acknowledged++;
    for (const { id, event } of events) {
      const sent = this.events.get(keyOf(id, event));
      if (sent !== undefined) sent.acknowledged = true;
    }
  }

  /** New events that were sent, and those that were acknowledged. */
  countEvents(): { sent: number; acknowledged: number } {
    const real = [...this.events.values()].filter(({ forged }) => !forged);
    return { sent: real.length, acknowledged: real.filter(({ acknowledged }) => acknowledged).length };
  }
}

/** What an event is known by: an interaction has at most one of each type. */
export function keyOf(interactionId: string, type: string): string {
  return `${interactionId} ${type}`;
}
