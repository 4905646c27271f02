import { EVENT_COLUMNS } from '../components/event-rows.js';
import { Choice, MEDIA_TYPES, Since, sinceTime, TextFilter, TYPES } from '../components/filters.js';
import { Heading } from '../components/heading.js';
import { More, Newer } from '../components/more.js';
import { Empty, Loaded } from '../components/notice.js';
import { Table } from '../components/table.js';
import { useNewer, usePages } from '../resource.js';
import { query } from '../router.js';
import type { EventFields, EventSummary } from '../types.js';

/** The log of events, newest first. */
export function Events() {
  const given = query();
  const filter = {
    text: given.get('text'),
    interaction: given.get('interaction'),
    type: given.get('type'),
    mediaType: given.get('mediaType'),
    channel: given.get('channel'),
    from: sinceTime(),
  };
  const pages = usePages<EventSummary>('/events', filter);
  // What has a text in one of its ids is for the service to find.
  const newer = useNewer(
    pages,
    (note) => note.kind === 'event' && filter.text === null && has(note.event, given),
  );
  const filtered = Object.values(filter).some(Boolean);
  return (
    <>
      <Heading name="Events" />
      <div class="filters">
        <TextFilter name="text" label="Text" hint="part of an id, URI or trace" />
        <Choice name="type" label="Event" options={TYPES} />
        <Choice name="mediaType" label="Media" options={MEDIA_TYPES} />
        <TextFilter name="channel" label="Channel" hint="default" />
        <Since />
        <Newer count={newer.count} show={newer.show} />
      </div>
      <Loaded from={pages}>
        {(events) =>
          events.length === 0 && !pages.more ? (
            filtered ? (
              <Empty title="No event matches.">
                Take a filter away, or <a href="/events">show all</a>.
              </Empty>
            ) : (
              <Empty title="No event has come yet.">
                Give the vendor the URL of the webhook. In development, <code>npm run send</code> sends one.
              </Empty>
            )
          ) : (
            <>
              <Table label="Events" columns={EVENT_COLUMNS} rows={events} keyOf={({ seq }) => seq} />
              <More pages={pages} />
            </>
          )
        }
      </Loaded>
    </>
  );
}

/** Whether an event is one that the filters of the URL let through. */
function has(event: EventFields, given: URLSearchParams): boolean {
  const wanted: [string, string | null][] = [
    ['interaction', event.interactionId],
    ['type', event.type],
    ['mediaType', event.mediaType],
    ['channel', event.channel],
  ];
  return wanted.every(([name, value]) => !given.has(name) || given.get(name) === value);
}
