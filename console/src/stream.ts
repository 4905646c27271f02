import { signal } from '@preact/signals';

import { pathOf } from './api.js';
import { checkSession } from './session.js';
import type { AttemptNote, EventFields, Overview } from './types.js';

/** Whether what is shown is live. */
export type Connection = 'connecting' | 'live' | 'reconnecting';

/** What happened; `reconnected`: something may have been missed, load again. */
export type Note =
  | { readonly kind: 'event'; readonly event: EventFields }
  | { readonly kind: 'attempt'; readonly attempt: AttemptNote }
  | { readonly kind: 'reconnected' };

export const connection = signal<Connection>('connecting');
/** When the service was last heard of, in milliseconds since 1970. */
export const heardAt = signal(Date.now());
/** The newest figures, every two seconds. */
export const overview = signal<Overview | null>(null);

const subscribers = new Set<(note: Note) => void>();

/** Tells of every event and attempt from now on. Ends when the function that is returned is called. */
export function subscribe(subscriber: (note: Note) => void): () => void {
  subscribers.add(subscriber);
  return () => subscribers.delete(subscriber);
}

const tell = (note: Note): void => subscribers.forEach((subscriber) => subscriber(note));

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;
/** The figures come every two seconds: after this silence the connection is dead, whatever the browser believes. */
const SILENCE_MS = 20_000;

let source: EventSource | undefined;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let silenceTimer: ReturnType<typeof setTimeout> | undefined;
let retryMs = FIRST_RETRY_MS;
let opened = false;

/** Connects, and stays connected until {@link disconnect}. */
export function connect(): void {
  clearTimeout(retryTimer);
  source?.close();
  source = new EventSource(pathOf('/stream', { only: 'event,attempt,overview' }));
  listenForSilence();
  source.addEventListener('open', () => {
    heard();
    connection.value = 'live';
    retryMs = FIRST_RETRY_MS;
    if (opened) tell({ kind: 'reconnected' });
    opened = true;
  });
  source.addEventListener('error', retryLater);
  on('event', (event) => tell({ kind: 'event', event }));
  on('attempt', (attempt) => tell({ kind: 'attempt', attempt }));
  on('overview', (figures) => (overview.value = figures));
}

export function disconnect(): void {
  clearTimeout(retryTimer);
  clearTimeout(silenceTimer);
  source?.close();
  source = undefined;
  opened = false;
  connection.value = 'connecting';
  overview.value = null;
}

/** What the service sends, by name. */
interface Messages {
  event: EventFields;
  attempt: AttemptNote;
  overview: Overview;
}

function on<N extends keyof Messages>(name: N, handle: (data: Messages[N]) => void): void {
  source?.addEventListener(name, ({ data }) => {
    heard();
    handle(JSON.parse(data as string) as Messages[N]);
  });
}

function heard(): void {
  heardAt.value = Date.now();
  listenForSilence();
}

function listenForSilence(): void {
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(retryLater, SILENCE_MS);
}

/**
 * The browser's own reconnection is not used: it gives up after some answers, and would resume from the last
 * event it saw, which after a night is a whole night's events. The views load again instead.
 */
function retryLater(): void {
  source?.close();
  clearTimeout(silenceTimer);
  clearTimeout(retryTimer);
  connection.value = 'reconnecting';
  retryTimer = setTimeout(() => void retry(), retryMs);
  retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
}

async function retry(): Promise<void> {
  // Signed out meanwhile? Then the form is shown, and whoever shows it has called disconnect().
  await checkSession();
  if (source !== undefined) connect();
}

/** Reconnects at once where that may help. */
export function reconnectSoon(): void {
  if (connection.value === 'reconnecting' && source !== undefined) void retry();
}
addEventListener('online', reconnectSoon);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) reconnectSoon();
});
