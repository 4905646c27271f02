import type { FilterOptions } from '../api-client/filter.js';
import type { LiveAttempt, StoredEvent } from '../api-client/shapes.js';

/** What `tail` picks; all that is given must match. */
export type TailFilter = Omit<FilterOptions, 'from' | 'to'> & { readonly listener?: readonly string[] };

/** Whether an event is to be shown. */
export function picksEvent(filter: TailFilter, event: StoredEvent): boolean {
  const { interaction, type, mediaType, subtype, channel } = filter;
  return (
    (interaction === undefined || event.interactionId === interaction) &&
    has(type, event.type) &&
    has(mediaType, event.mediaType) &&
    has(subtype, event.interactionSubtype) &&
    has(channel, event.channel)
  );
}

/** Whether an attempt is to be shown: by what it tells of its event. */
export function picksAttempt(filter: TailFilter, attempt: LiveAttempt): boolean {
  const { interaction, channel, listener } = filter;
  return (
    (interaction === undefined || attempt.interactionId === interaction) &&
    has(channel, attempt.channel) &&
    has(listener, attempt.listener)
  );
}

function has(wanted: readonly string[] | undefined, value: string | null): boolean {
  return wanted === undefined || (value !== null && wanted.includes(value));
}
