import type { Body, EventDetail } from '../api-client/shapes.js';
import { attemptText, count, standing } from '../terminal/delivery-text.js';
import { cell, typeCell } from '../terminal/event-columns.js';
import { printable, printableLines } from '../terminal/printable.js';
import { paint } from '../terminal/style.js';
import { pad } from '../terminal/table.js';

const LABEL_WIDTH = 12;

/** One event with all that is known of it, for people. */
export function describeEvent(event: EventDetail): string[] {
  const { seq, mediaType, interactionSubtype, channel, receipt, deliveryList } = event;
  const { size, secretIndex, redeliveries } = receipt;
  const again = redeliveries > 0 ? `, sent again ${count(redeliveries, 'time')}` : '';
  const secret = secretIndex === 0 ? 'the current secret' : `secret number ${secretIndex + 1}`;
  return [
    `${paint('bold', `Event ${seq}`)}  ${typeCell(event)}  ${cell(mediaType)} ${cell(interactionSubtype)}`,
    labelled('Interaction', cell(event.interactionId)),
    labelled('Channel', cell(channel)),
    labelled('Received', `${event.receivedAt}${again}`),
    labelled('Trace id', cell(event.traceId)),
    labelled('Operation', cell(event.operationId)),
    labelled('Self URI', cell(event.selfUri)),
    labelled('Receipt', `${receipt.id}, ${count(size, 'byte')}, signed with ${secret}`),
    '',
    paint('bold', 'Deliveries'),
    ...(deliveryList.length === 0 ? ['  none: no listener asked for it'] : []),
    ...deliveryList.flatMap((delivery) => [
      `  ${printable(delivery.listener)}: ${standing(delivery)}`,
      ...delivery.attempts.map((attempt) => `    ${attempt.startedAt}  ${attemptText(attempt)}`),
    ]),
    '',
    paint('bold', 'Body'),
    ...describeBody(event),
  ];
}

/** The bytes that were received: JSON laid out, anything else as it is. */
export function describeBody({ body, bodyBase64, bodyHidden }: Body): string[] {
  if (bodyHidden) return ['  hidden: a viewer may not read it'];
  if (body === null) return [`  not UTF-8; in base64: ${bodyBase64 ?? ''}`];
  if (body === '') return ['  empty'];
  return printableLines(laidOut(body))
    .split('\n')
    .map((line) => `  ${line}`);
}

/** A label and what belongs to it, in two columns. */
export function labelled(label: string, text: string): string {
  return `${pad(label, LABEL_WIDTH)} ${text}`;
}

function laidOut(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
