import { Badge, Text } from '../components/badge.js';
import { Media } from '../components/event-rows.js';
import { Choice, MEDIA_TYPES, Since, sinceTime, TextFilter } from '../components/filters.js';
import { Heading } from '../components/heading.js';
import { More, Newer } from '../components/more.js';
import { Empty, Loaded } from '../components/notice.js';
import { Table, type Column } from '../components/table.js';
import { Time } from '../components/time.js';
import { duration } from '../format.js';
import { useNewer, usePages } from '../resource.js';
import { interactionPath, query } from '../router.js';
import type { Interaction } from '../types.js';

const COLUMNS: readonly Column<Interaction>[] = [
  {
    head: 'Interaction',
    kind: 'id',
    cell: ({ interactionId, channel }) => (
      <a href={interactionPath(interactionId, channel)}>
        <Text value={interactionId} mono />
      </a>
    ),
  },
  { head: 'State', cell: ({ state }) => <Badge state={state} /> },
  { head: 'Media', cell: (interaction) => <Media of={interaction} /> },
  { head: 'Channel', cell: ({ channel }) => <Text value={channel} /> },
  { head: 'Started', cell: ({ startedAt, lateStartedAt }) => <Time at={startedAt ?? lateStartedAt} /> },
  { head: 'Finished', cell: ({ finishedAt }) => <Time at={finishedAt} /> },
  {
    head: 'Duration',
    kind: 'num',
    cell: ({ durationMs }) =>
      durationMs === null ? <span class="muted none">–</span> : duration(durationMs),
  },
];

/** Interactions and their states, newest first. */
export function Interactions() {
  const given = query();
  const filter = {
    state: given.get('state'),
    mediaType: given.get('mediaType'),
    channel: given.get('channel'),
    from: sinceTime(),
  };
  const pages = usePages<Interaction>('/interactions', filter);
  const newer = useNewer(
    pages,
    (note) =>
      note.kind === 'event' &&
      note.event.interactionId !== null &&
      (filter.channel === null || note.event.channel === filter.channel),
  );
  const filtered = Object.values(filter).some(Boolean);
  return (
    <>
      <Heading name="Interactions" />
      <div class="filters">
        <Choice name="state" label="State" options={['open', 'finished', 'stuck']} />
        <Choice name="mediaType" label="Media" options={MEDIA_TYPES} />
        <TextFilter name="channel" label="Channel" hint="default" />
        <Since />
        <Newer count={newer.count} show={newer.show} />
      </div>
      {pages.error?.status === 409 ? (
        <Empty title="The state of interactions is not kept.">
          Set INTERACTIONS=on and start the service again. Until then the search above finds an interaction by
          its id, and <a href="/events">Events</a> lists what came.
        </Empty>
      ) : (
        <Loaded from={pages}>
          {(interactions) =>
            interactions.length === 0 && !pages.more ? (
              <Empty title={filtered ? 'No interaction matches.' : 'No interaction has come yet.'}>
                {filtered ? (
                  <>
                    Take a filter away, or <a href="/interactions">show all</a>.
                  </>
                ) : (
                  'They appear with the first event that has an entity id.'
                )}
              </Empty>
            ) : (
              <>
                <Table
                  label="Interactions"
                  columns={COLUMNS}
                  rows={interactions}
                  keyOf={({ interactionId, channel }) => `${channel} ${interactionId}`}
                />
                <More pages={pages} />
              </>
            )
          }
        </Loaded>
      )}
    </>
  );
}
