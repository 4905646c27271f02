import type { ApiClient } from '../api-client/api-client.js';
import type { Page, StoredEvent } from '../api-client/shapes.js';
import { CommandFailure } from '../failure.js';
import { keyOf, type SentEvent } from './ledger.js';

/** What is looked at of an event that is stored. */
export type StoredFields = Pick<
  StoredEvent,
  | 'seq'
  | 'type'
  | 'interactionId'
  | 'mediaType'
  | 'interactionSubtype'
  | 'channel'
  | 'operationId'
  | 'selfUri'
>;

/** Where the log ended before anything was sent. */
export interface LogEnd {
  readonly seq: number;
  readonly receivedAt: string | undefined;
}

/** How what is stored compares to what was sent. */
export interface Comparison {
  /** Events that the service acknowledged, and events of ours that are stored. */
  readonly acknowledged: number;
  readonly stored: number;
  /** Acknowledged, and not stored. */
  readonly lost: number;
  /** Stored more than once. */
  readonly duplicated: number;
  /** Stored, and not sent like that: by somebody else, with a wrong signature, or with other fields. */
  readonly unexpected: number;
  /** The first few of each. */
  readonly examples: readonly Example[];
}

export interface Example {
  readonly fault: 'lost' | 'duplicated' | 'unexpected';
  readonly reason: string;
  readonly type: string | null;
  readonly interactionId: string | null;
  readonly channel: string;
}

const EXAMPLES = 5;

/** Where the log ends now. It also tells, before anything is sent, whether the service lets us look. */
export async function findLogEnd(client: ApiClient): Promise<LogEnd> {
  const [last] = (await client.get<Page<StoredEvent>>('/events', { limit: 1 })).items;
  return { seq: last?.seq ?? 0, receivedAt: last?.receivedAt };
}

/**
 * The stored events, as the service exports them.
 *
 * @param from received at this time or later; `undefined` for all.
 * @throws CommandFailure when they cannot be read to their end.
 */
export async function* readEvents(client: ApiClient, from: string | undefined): AsyncGenerator<StoredFields> {
  const response = await client.open('/events.ndjson', { query: { from } });
  let rest = '';
  try {
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as StoredFields;
    }
  } catch (error) {
    throw new CommandFailure(
      `The export of the stored events broke off (${(error as Error).message}), so nothing was compared. Look into the service's log.`,
    );
  }
}

/**
 * Compares what was sent to what is stored.
 *
 * @param end where the log ended before: what others had stored by then is no fault.
 */
export async function compare(
  sent: ReadonlyMap<string, SentEvent>,
  stored: AsyncIterable<StoredFields> | Iterable<StoredFields>,
  end: LogEnd,
): Promise<Comparison> {
  const faults = new Faults();
  const seen = new Set<string>();
  for await (const event of stored) {
    const key = keyOf(event.interactionId ?? '', event.type ?? '');
    const ours = sent.get(key);
    if (ours === undefined) {
      if (event.seq > end.seq) faults.add('unexpected', 'it was not sent by this simulation', event);
      continue;
    }
    if (seen.has(key)) faults.add('duplicated', 'it is stored more than once', event);
    else if (ours.forged) faults.add('unexpected', 'it was sent with a wrong signature', event);
    else if (!sameFields(ours, event)) faults.add('unexpected', 'it has other fields than were sent', event);
    seen.add(key);
  }
  let acknowledged = 0;
  for (const [key, { event, channel, ...of }] of sent) {
    if (!of.acknowledged) continue;
    acknowledged++;
    if (seen.has(key)) continue;
    const lost = { type: event.event, interactionId: event.id, channel };
    faults.add('lost', 'it was acknowledged, and is not stored', lost);
  }
  return { acknowledged, stored: seen.size, ...faults.counts, examples: faults.examples };
}

function sameFields({ event, channel, operationId }: SentEvent, stored: StoredFields): boolean {
  return (
    stored.channel === channel &&
    stored.operationId === operationId &&
    stored.mediaType === event.mediaType &&
    stored.interactionSubtype === event.interactionSubtype &&
    stored.selfUri === (event.selfUri ?? null)
  );
}

class Faults {
  readonly counts = { lost: 0, duplicated: 0, unexpected: 0 };
  readonly examples: Example[] = [];

  add(
    fault: Example['fault'],
    reason: string,
    { type, interactionId, channel }: Pick<StoredFields, 'type' | 'interactionId' | 'channel'>,
  ): void {
    if (this.counts[fault]++ < EXAMPLES) this.examples.push({ fault, reason, type, interactionId, channel });
  }
}
