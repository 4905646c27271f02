import { expect, it } from '@jest/globals';

import type { Delivery, EventRecord, Timeline } from '../api-client/shapes.js';
import { describeTimeline } from './timeline.js';

const at = (seconds: number): string => new Date(Date.UTC(2026, 5, 13, 22, 0, seconds)).toISOString();

function event(seq: number, receivedAt: string, deliveryList: Delivery[]): EventRecord {
  return {
    seq,
    type: seq === 1 ? 'STARTED' : 'FINISHED',
    interactionId: 'a',
    mediaType: 'chat',
    interactionSubtype: null,
    channel: 'default',
    operationId: null,
    selfUri: null,
    late: seq === 1,
    traceId: null,
    receivedAt,
    deliveries: { open: 1, done: 0, dead: 0, discarded: 0 },
    receipt: { id: seq, receivedAt, redeliveries: 0, secretIndex: 0, size: 2 },
    deliveryList,
  };
}

const attempt = (number: number, startedAt: string) =>
  ({ attempt: number, outcome: 'timeout', error: 'too late', startedAt, durationMs: 90_000 }) as const;

const waiting = { startedAt: null, durationMs: null, dueAt: null, error: null, attempt: 0, attempts: [] };

it('a timeline is in the order of time across events, and says what each delivery waits for', () => {
  const events = [
    event(1, at(0), [
      {
        ...waiting,
        listener: 'crm',
        state: 'pending',
        attempt: 2,
        dueAt: at(50),
        attempts: [attempt(1, at(1)), attempt(2, at(20))],
      },
      { ...waiting, listener: 'mail', state: 'running', attempt: 1 },
    ]),
    event(2, at(10), [
      { ...waiting, listener: 'crm', state: 'blocked' },
      { ...waiting, listener: 'mail', state: 'discarded' },
      { ...waiting, listener: 'log', state: 'done' },
    ]),
  ];
  const timeline: Timeline = {
    interactionId: 'a',
    channel: 'default',
    state: 'stuck',
    startedAt: at(0),
    lateStartedAt: null,
    finishedAt: null,
    durationMs: null,
    mediaType: 'chat',
    interactionSubtype: null,
    selfUri: 'NexusURL/a',
    events,
    more: true,
  };
  expect(describeTimeline(timeline)).toEqual([
    'Interaction a',
    'Channel default  chat -  stuck',
    'Self URI NexusURL/a',
    '',
    '2026-06-13T22:00:00.000Z  #1 STARTED late received',
    '2026-06-13T22:00:01.000Z    #1 crm: attempt 1 timed out after 1 min 30 s: too late',
    '2026-06-13T22:00:10.000Z  #2 FINISHED received',
    '2026-06-13T22:00:20.000Z    #1 crm: attempt 2 timed out after 1 min 30 s: too late',
    'There are more events: events --interaction a',
    '',
    'Not done',
    '  #1 crm: attempt 3 is due at 2026-06-13T22:00:50.000Z',
    '  #1 mail: attempt 1 runs',
    '  #2 crm: waits for an earlier event of the interaction',
    '  #2 mail: discarded',
  ]);
});
