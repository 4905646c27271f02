import { interactionPath } from '../router.js';
import type { EventFields, EventSummary } from '../types.js';
import { Badge, EventType, Text } from './badge.js';
import type { Column } from './table.js';
import { Time } from './time.js';

/** The link that names an event: its interaction, or itself where it has none. */
export function EventLink({ event: { seq, interactionId, channel } }: { event: EventFields }) {
  if (interactionId === null) return <a href={`/events/${seq}`}>event {seq}</a>;
  return (
    <a href={interactionPath(interactionId, channel)}>
      <Text value={interactionId} mono />
    </a>
  );
}

/** Media type and subtype. */
export function Media({ of }: { of: Pick<EventFields, 'mediaType' | 'interactionSubtype'> }) {
  const parts = [of.mediaType, of.interactionSubtype].filter((part) => part !== null);
  return <Text value={parts.length > 0 ? parts.join(' · ') : null} />;
}

/** How many deliveries of an event stand where. */
function Deliveries({ of }: { of: EventSummary['deliveries'] }) {
  const some = (['dead', 'open', 'done', 'discarded'] as const).filter((state) => of[state] > 0);
  if (some.length === 0) return <span class="muted">no listener</span>;
  return (
    <span class="badges">
      {some.map((state) => (
        <Badge key={state} state={state}>{`${of[state]} ${state}`}</Badge>
      ))}
    </span>
  );
}

/** The columns of a list of events. */
export const EVENT_COLUMNS: readonly Column<EventSummary>[] = [
  { head: 'Interaction', kind: 'id', cell: (event) => <EventLink event={event} /> },
  { head: 'Received', cell: ({ receivedAt }) => <Time at={receivedAt} /> },
  { head: 'Event', cell: ({ type, late }) => <EventType type={type} late={late} /> },
  { head: 'Media', cell: (event) => <Media of={event} /> },
  { head: 'Channel', cell: ({ channel }) => <Text value={channel} /> },
  { head: 'Deliveries', cell: ({ deliveries }) => <Deliveries of={deliveries} /> },
  { head: 'Details', cell: ({ seq }) => <a href={`/events/${seq}`}>#{seq}</a> },
];
