import { get } from '../api.js';
import { Body } from '../components/body.js';
import { Copy } from '../components/copy.js';
import { EventLink } from '../components/event-rows.js';
import { Heading } from '../components/heading.js';
import { Loaded } from '../components/notice.js';
import { Step } from '../components/step.js';
import { Text } from '../components/badge.js';
import { bytes } from '../format.js';
import { useLive, useResource } from '../resource.js';
import { segmentAfter } from '../router.js';
import type { EventDetail } from '../types.js';

/** One event: what was received, and what came of it. */
export function EventView() {
  const seq = segmentAfter('/events/') ?? '';
  const event = useResource(seq, (signal) => get<EventDetail>(`/events/${seq}`, {}, signal));
  useLive(event.reload, (note) => note.kind === 'attempt' && note.attempt.seq === Number(seq));
  return (
    <>
      <Heading name={`Event ${seq}`} />
      <Loaded from={event}>
        {(detail) => (
          <>
            <dl class="facts">
              <div>
                <dt>Interaction</dt>
                <dd>
                  {detail.interactionId === null ? (
                    <span class="muted">none: the event has no entity id</span>
                  ) : (
                    <EventLink event={detail} />
                  )}
                </dd>
              </div>
              <div>
                <dt>Self URI</dt>
                <dd>
                  <Text value={detail.selfUri} mono />{' '}
                  {detail.selfUri && <Copy text={detail.selfUri} what="the URI" />}
                </dd>
              </div>
            </dl>
            <ol class="timeline">
              <Step event={detail} reload={event.reload} />
            </ol>
            <section class="card" aria-labelledby="raw">
              <h2 id="raw">
                Raw body <span class="muted">{bytes(detail.receipt.size)}, as it was signed</span>
              </h2>
              <Body of={detail} />
            </section>
          </>
        )}
      </Loaded>
    </>
  );
}
