import { useState } from 'preact/hooks';

import { get } from '../api.js';
import { Badge, Text } from '../components/badge.js';
import { Copy } from '../components/copy.js';
import { Media } from '../components/event-rows.js';
import { Heading } from '../components/heading.js';
import { Empty, Loaded } from '../components/notice.js';
import { ReplayDialog } from '../components/replay.js';
import { Step } from '../components/step.js';
import { Time } from '../components/time.js';
import { duration } from '../format.js';
import { useLive, useResource } from '../resource.js';
import { query, segmentAfter } from '../router.js';
import { mayAct } from '../session.js';
import type { InteractionHistory } from '../types.js';

/** What happened to an interaction, in each channel that knows its id; and sending it again. */
export function InteractionView() {
  const id = segmentAfter('/interactions/') ?? '';
  const channel = query().get('channel');
  const [replaying, setReplaying] = useState(false);
  const known = useResource(JSON.stringify([id, channel]), (signal) =>
    get<{ items: InteractionHistory[] }>(`/interactions/${encodeURIComponent(id)}`, { channel }, signal),
  );
  useLive(known.reload, (note) => {
    if (note.kind === 'event') return note.event.interactionId === id;
    return note.kind === 'attempt' && note.attempt.interactionId === id;
  });
  const found = known.error?.status !== 404;
  return (
    <>
      <Heading
        name={`Interaction ${id}`}
        title={
          <>
            <span class="kicker">Interaction</span> <Text value={id} mono />
          </>
        }
      >
        <Copy text={id} what="the interaction id" />
        {found && mayAct() && (
          <button type="button" onClick={() => setReplaying(true)}>
            Replay …
          </button>
        )}
      </Heading>
      {found ? (
        <Loaded from={known}>
          {({ items }) =>
            items.map((item) => <History key={item.channel} id={id} of={item} reload={known.reload} />)
          }
        </Loaded>
      ) : (
        <Empty title="No event of this interaction is in the store.">
          Check the id, or <a href={`/events?text=${encodeURIComponent(id)}`}>search the events</a> for it. If
          the vendor sent it, see <a href="/quarantine">Quarantine</a>, and the log of the service for
          refusals.
        </Empty>
      )}
      {replaying && (
        <ReplayDialog
          close={() => setReplaying(false)}
          filter={{ interaction: id, ...(channel !== null && { channel }) }}
        />
      )}
    </>
  );
}

function History({ id, of, reload }: { id: string; of: InteractionHistory; reload: () => void }) {
  const { state, startedAt, lateStartedAt, finishedAt, durationMs, selfUri, channel } = of;
  const events = [...of.events].sort((a, b) => a.seq - b.seq);
  return (
    <section aria-label={`Channel ${channel}`}>
      <dl class="facts">
        {state !== null && (
          <>
            <div>
              <dt>State</dt>
              <dd>
                <Badge state={state} />
              </dd>
            </div>
            <div>
              <dt>Started</dt>
              <dd>
                <Time at={startedAt ?? lateStartedAt} />
                {startedAt === null && lateStartedAt !== null && <span class="muted"> (came late)</span>}
              </dd>
            </div>
            <div>
              <dt>Finished</dt>
              <dd>
                <Time at={finishedAt} />
              </dd>
            </div>
            <div>
              <dt>Duration</dt>
              <dd>{durationMs === null ? '–' : duration(durationMs)}</dd>
            </div>
            <div>
              <dt>Media</dt>
              <dd>
                <Media of={of} />
              </dd>
            </div>
          </>
        )}
        <div>
          <dt>Channel</dt>
          <dd>
            <Text value={channel} />
          </dd>
        </div>
        {selfUri !== null && (
          <div class="wide">
            <dt>Self URI</dt>
            <dd>
              <Text value={selfUri} mono /> <Copy text={selfUri} what="the URI" />
            </dd>
          </div>
        )}
      </dl>
      <ol class="timeline">
        {events.map((event) => (
          <Step key={event.seq} event={event} reload={reload} withBody />
        ))}
      </ol>
      {of.more && (
        <p class="muted">
          It has more events than these:{' '}
          <a href={`/events?interaction=${encodeURIComponent(id)}`}>see them all</a>.
        </p>
      )}
    </section>
  );
}
