import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { createParser, type EventSourceMessage } from 'eventsource-parser';

import type { ApiClient } from './api-client.js';
import { RefusedError } from './refusal.js';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** The service sends something every 15 s. A connection that is silent for longer is dead, and nobody said so. */
const SILENCE_MS = 45_000;

/** What to follow. */
export interface FollowOptions {
  /** Kinds of messages, such as `event`. */
  readonly only: readonly string[];
  /** Everything after it comes first. */
  readonly lastEventId: string;
  /** Aborted to end. */
  readonly signal: AbortSignal;
  /** Called when the connection is lost, and when it is back. */
  readonly onConnection: (state: 'lost' | 'back', reason: string) => void;
}

/**
 * The live stream. A connection that is lost is opened again from the last event that came, so none is
 * skipped; only what has no id (attempts) is missing from in between.
 *
 * @throws CommandFailure when the first connection fails, or a later one is refused: the token may have changed.
 */
export async function* follow(client: ApiClient, options: FollowOptions): AsyncGenerator<EventSourceMessage> {
  const { only, signal, onConnection } = options;
  const ended = (): boolean => signal.aborted;
  let { lastEventId } = options;
  let wait = FIRST_WAIT_MS;
  let connected = false;
  for (let first = true; !ended(); first = false) {
    let reason = 'the service ended the stream';
    try {
      const headers = { accept: 'text/event-stream', 'last-event-id': lastEventId };
      const response = await client.open('/stream', { query: { only }, headers, signal });
      connected = true;
      if (!first) onConnection('back', '');
      for await (const message of messagesOf(response)) {
        wait = FIRST_WAIT_MS;
        lastEventId = message.id ?? lastEventId;
        yield message;
      }
    } catch (error) {
      if (ended()) return;
      // Too many streams, or a service that just starts: it may come back. Anything else will not.
      if ((first && !connected) || (error instanceof RefusedError && error.status < 500)) throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
    if (connected) onConnection('lost', reason);
    connected = false;
    await sleep(wait, undefined, { signal }).catch(() => undefined);
    wait = Math.min(LONGEST_WAIT_MS, wait * 2);
  }
}

async function* messagesOf(response: IncomingMessage): AsyncGenerator<EventSourceMessage> {
  let received: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => received.push(message) });
  response.setTimeout(SILENCE_MS, () => response.destroy(new Error('nothing comes any more')));
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    parser.feed(chunk);
    const messages = received;
    received = [];
    yield* messages;
  }
}
