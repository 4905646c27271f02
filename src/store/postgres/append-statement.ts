import { digest } from '../keys.js';
import type { AppendedEvent, AppendedReceipt, ClaimOffer, EventDraft, ReceiptDraft } from '../records.js';

/** One statement for a group of receipts: see `functions/append.ts`. */
export const APPEND_STATEMENT = `select append_v1(${Array.from({ length: 21 }, (_, i) => `$${i + 1}`).join(', ')}) as appended`;

/** What the function says of an event: its `seq`, whether it is late, whether deliveries wait, who has claimed it. */
export type AppendedRow = readonly [number, boolean, boolean, readonly number[]];

/** The values of {@link APPEND_STATEMENT}: a column is an array, and all bodies are one parameter. */
export function appendValues(drafts: readonly ReceiptDraft[], offer: ClaimOffer | undefined): unknown[] {
  const events: (EventDraft & { readonly receipt: number; readonly follows: boolean })[] = [];
  const finished = new Set<string>();
  for (const [i, { events: drafted }] of drafts.entries()) {
    for (const event of drafted) {
      const { type, interactionKey } = event;
      events.push({ ...event, receipt: i + 1, follows: type === 'STARTED' && finished.has(interactionKey) });
      if (type === 'FINISHED') finished.add(interactionKey);
    }
  }
  const offered = Object.entries(offer?.capacity ?? {}).filter(([, capacity]) => capacity > 0);
  return [
    Buffer.concat(drafts.map(({ body }) => body)),
    drafts.map(({ body }) => body.length),
    drafts.map(({ channel }) => channel),
    drafts.map(({ traceId }) => traceId),
    drafts.map(({ secretIndex }) => secretIndex),
    drafts.map(({ receivedAt }) => receivedAt),
    drafts.map((draft) => (draft.events.length === 0 ? digest(draft.body) : undefined)),
    events.map(({ receipt }) => receipt),
    events.map(({ position }) => position),
    events.map(({ interactionKey }) => interactionKey),
    events.map(({ dedupKey }) => dedupKey),
    events.map(({ type }) => type),
    events.map(({ interactionId }) => interactionId),
    events.map(({ mediaType }) => mediaType),
    events.map(({ interactionSubtype }) => interactionSubtype),
    events.map(({ selfUri }) => selfUri),
    events.map(({ operationId }) => operationId),
    events.map(({ follows }) => follows),
    offer?.owner,
    offered.map(([listenerId]) => listenerId),
    offered.map(([, capacity]) => capacity),
  ];
}

/** The function's answer, receipt by receipt. */
export function appendedReceipts(
  drafts: readonly ReceiptDraft[],
  rows: readonly AppendedRow[],
  offer: ClaimOffer | undefined,
): AppendedReceipt[] {
  let next = 0;
  return drafts.map(({ events }) =>
    events.map((): AppendedEvent => {
      const [seq, late, waiting, claimedBy] = rows[next++] as AppendedRow;
      return seq === 0 ? DUPLICATE : { seq, late, waiting, claimedBy, owner: offer?.owner };
    }),
  );
}

const DUPLICATE: AppendedEvent = { seq: 0, late: false, claimedBy: [], owner: undefined, waiting: false };
