import { describe, expect, it } from '@jest/globals';

import { compare, type Comparison, type StoredFields } from './check.js';
import { Ledger } from './ledger.js';
import { Traffic, type PlannedRequest } from './traffic.js';

const END = { seq: 100, receivedAt: undefined };

/** Ten interactions, all of them sent and acknowledged; and ten events with a wrong signature. */
function sent(): { ledger: Ledger; stored: StoredFields[]; forged: StoredFields[] } {
  const some = { perSecond: 1, startMs: 36_000_000, durationMs: Infinity, count: 10 };
  const wrong = { burstsPerHour: 0, batches: 0.5, duplicates: 0, reordered: 0, forged: 1 };
  const requests = [...new Traffic({ seed: 1, channels: ['default', 'emea'], ...some, ...wrong })];
  const ledger = new Ledger();
  let seq = END.seq;
  const rows = (kind: PlannedRequest['kind']): StoredFields[] =>
    requests
      .filter((request) => request.kind === kind)
      .flatMap(({ channel, operationId, events }) =>
        events.map(({ event, id, selfUri, ...fields }) => ({
          ...fields,
          seq: ++seq,
          type: event,
          interactionId: id,
          selfUri: selfUri ?? null,
          channel,
          operationId,
        })),
      );
  for (const request of requests) {
    ledger.sent(request);
    const status = request.kind === 'forged' ? 401 : 200;
    ledger.attempted(request, 1, { status, reason: '', body: '', ms: 1 });
  }
  return { ledger, stored: rows('new'), forged: rows('forged') };
}

const check = (
  change: (stored: StoredFields[], forged: StoredFields[]) => readonly StoredFields[],
): Promise<Comparison> => {
  const { ledger, stored, forged } = sent();
  return compare(ledger.events, change(stored, forged), END);
};

describe('the comparison', () => {
  it('finds nothing where each acknowledged event is stored once', async () => {
    expect(await check((stored) => stored)).toEqual({
      acknowledged: 20,
      stored: 20,
      lost: 0,
      duplicated: 0,
      unexpected: 0,
      examples: [],
    });
  });

  it('finds what is lost', async () => {
    const found = await check((stored) => stored.slice(2));
    expect(found).toMatchObject({ acknowledged: 20, stored: 18, lost: 2, duplicated: 0, unexpected: 0 });
    expect(found.examples).toHaveLength(2);
    expect(found.examples[0]).toMatchObject({
      fault: 'lost',
      reason: 'it was acknowledged, and is not stored',
    });
  });

  it('misses nothing that was not acknowledged, and takes it where it is stored', async () => {
    const { ledger, stored } = sent();
    for (const event of [...ledger.events.values()].filter(({ forged }) => !forged).slice(0, 5))
      event.acknowledged = false;
    const clean = { acknowledged: 15, lost: 0, duplicated: 0, unexpected: 0 };
    expect(await compare(ledger.events, stored, END)).toMatchObject({ ...clean, stored: 20 });
    const known = stored.filter(
      ({ interactionId, type }) => ledger.events.get(`${interactionId} ${type}`)?.acknowledged,
    );
    expect(await compare(ledger.events, known, END)).toMatchObject({ ...clean, stored: 15 });
  });

  it('finds what is stored twice', async () => {
    const found = await check((stored) => [
      ...stored,
      ...stored.slice(0, 3).map((row) => ({ ...row, seq: 900 })),
    ]);
    expect(found).toMatchObject({ stored: 20, lost: 0, duplicated: 3, unexpected: 0 });
  });

  it('finds what was signed wrongly, and stored all the same', async () => {
    const found = await check((stored, forged) => [...stored, ...forged.slice(0, 1)]);
    expect(found).toMatchObject({ lost: 0, unexpected: 1 });
    expect(found.examples[0]?.reason).toBe('it was sent with a wrong signature');
  });

  it.each(['channel', 'operationId', 'mediaType', 'interactionSubtype', 'selfUri'] as const)(
    'finds an event whose %s is another',
    async (field) => {
      const found = await check(([first, ...rest]) => [
        { ...(first as StoredFields), [field]: 'other' },
        ...rest,
      ]);
      expect(found).toMatchObject({ lost: 0, duplicated: 0, unexpected: 1 });
      expect(found.examples[0]?.reason).toBe('it has other fields than were sent');
    },
  );

  it('finds what others sent meanwhile, but not what they had sent before', async () => {
    const [other] = sent().stored as [StoredFields];
    const of = (seq: number, interactionId: string | null): StoredFields => ({
      ...other,
      seq,
      interactionId,
    });
    const found = await check((stored) => [
      of(99, 'old'),
      of(100, 'older'),
      ...stored,
      of(500, 'new'),
      of(501, null),
    ]);
    expect(found).toMatchObject({ stored: 20, lost: 0, duplicated: 0, unexpected: 2 });
  });

  it('shows a few examples of each fault, and counts all', async () => {
    const found = await check(() => []);
    expect(found.lost).toBe(20);
    expect(found.examples).toHaveLength(5);
  });
});
