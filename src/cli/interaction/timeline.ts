import type { Delivery, EventRecord, Timeline } from '../api-client/shapes.js';
import { attemptText, count, firstLine, standing } from '../terminal/delivery-text.js';
import { duration } from '../terminal/duration.js';
import { cell, typeCell } from '../terminal/event-columns.js';
import { printable } from '../terminal/printable.js';
import { paint } from '../terminal/style.js';

/** What happened to an interaction, in the order in which it happened. */
export function describeTimeline(timeline: Timeline): string[] {
  const { interactionId, channel, mediaType, interactionSubtype, selfUri, events, more } = timeline;
  const open = events.flatMap((event) => unfinished(event));
  return [
    `${paint('bold', 'Interaction')} ${printable(interactionId)}`,
    `Channel ${printable(channel)}  ${cell(mediaType)} ${cell(interactionSubtype)}  ${stateText(timeline)}`,
    ...(selfUri === null ? [] : [`Self URI ${printable(selfUri)}`]),
    '',
    ...happenings(events).map(({ at, text }) => `${at}  ${text}`),
    ...(more ? [`There are more events: events --interaction ${printable(interactionId)}`] : []),
    ...(open.length > 0 ? ['', paint('bold', 'Not done'), ...open] : []),
  ];
}

interface Happening {
  readonly at: string;
  readonly text: string;
}

function happenings(events: readonly EventRecord[]): Happening[] {
  const all = events.flatMap((event): Happening[] => [
    { at: event.receivedAt, text: received(event) },
    ...event.deliveryList.flatMap(({ listener, attempts }) =>
      attempts.map((attempt) => ({
        at: attempt.startedAt,
        text: `  #${event.seq} ${printable(listener)}: ${attemptText(attempt)}`,
      })),
    ),
  ]);
  // ISO times in UTC sort as text; what happened at once stays in the order of the log.
  return all.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function received(event: EventRecord): string {
  const { seq, receipt, traceId } = event;
  const again = receipt.redeliveries > 0 ? `, sent again ${count(receipt.redeliveries, 'time')}` : '';
  const trace = traceId === null ? '' : `, trace ${printable(traceId)}`;
  return `#${seq} ${typeCell(event)} received${again}${trace}`;
}

function unfinished({ seq, deliveryList }: EventRecord): string[] {
  return deliveryList
    .filter(({ state }) => state !== 'done')
    .map((delivery) => `  #${seq} ${describe(delivery)}`);
}

function describe(delivery: Delivery): string {
  const why = delivery.error === null ? '' : `: ${firstLine(delivery.error)}`;
  return `${printable(delivery.listener)}: ${standing(delivery)}${why}`;
}

function stateText({ state, durationMs }: Timeline): string {
  if (state === null) return '';
  const took = durationMs === null ? '' : `, took ${duration(durationMs)}`;
  const colour = state === 'stuck' ? 'red' : state === 'open' ? 'green' : 'cyan';
  return paint(colour, state) + took;
}
