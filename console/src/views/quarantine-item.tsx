import { useState } from 'preact/hooks';

import { get } from '../api.js';
import { Badge, Text } from '../components/badge.js';
import { Body } from '../components/body.js';
import { BulkProgress, useBulk } from '../components/bulk.js';
import { Copy } from '../components/copy.js';
import { Confirm } from '../components/dialog.js';
import { Heading } from '../components/heading.js';
import { Empty, Loaded } from '../components/notice.js';
import { quarantineJob, type QuarantineAction } from '../components/quarantine-job.js';
import { Time } from '../components/time.js';
import { bytes, plural } from '../format.js';
import { useResource } from '../resource.js';
import { segmentAfter } from '../router.js';
import { mayAct } from '../session.js';
import type { QuarantineDetail } from '../types.js';

/** One payload that is not valid: why, and its bytes. */
export function QuarantineItemView() {
  const id = segmentAfter('/quarantine/') ?? '';
  const item = useResource(id, (signal) => get<QuarantineDetail>(`/quarantine/${id}`, {}, signal));
  const bulk = useBulk(item.reload);
  const [discarding, setDiscarding] = useState(false);
  const start = (action: QuarantineAction): void =>
    void bulk.run(quarantineJob(action, { total: 1, filter: { ids: [Number(id)] } }));
  return (
    <>
      <Heading name={`Quarantined payload ${id}`}>
        {item.data?.state === 'held' && mayAct() && (
          <>
            <button type="button" class="primary" disabled={bulk.busy} onClick={() => start('reprocess')}>
              Reprocess
            </button>
            <button type="button" disabled={bulk.busy} onClick={() => setDiscarding(true)}>
              Discard
            </button>
          </>
        )}
      </Heading>
      <BulkProgress bulk={bulk} />
      {item.error?.status === 404 ? (
        <Empty title="There is no such payload.">
          See <a href="/quarantine">all that is held</a>.
        </Empty>
      ) : (
        <Loaded from={item}>{(detail) => <Details of={detail} />}</Loaded>
      )}
      {discarding && (
        <Confirm
          title="Discard this payload?"
          action="Discard"
          run={() => start('discard')}
          close={() => setDiscarding(false)}
        >
          <p>No event will be made of it.</p>
        </Confirm>
      )}
    </>
  );
}

function Details({ of }: { of: QuarantineDetail }) {
  return (
    <>
      <dl class="facts">
        <div>
          <dt>State</dt>
          <dd>
            <Badge state={of.state} />
          </dd>
        </div>
        <div>
          <dt>Channel</dt>
          <dd>
            <Text value={of.channel} />
          </dd>
        </div>
        <div>
          <dt>First</dt>
          <dd>
            <Time at={of.firstAt} />
          </dd>
        </div>
        <div>
          <dt>Last</dt>
          <dd>
            <Time at={of.lastAt} />
          </dd>
        </div>
        <div>
          <dt>Sent</dt>
          <dd>{plural(of.times, 'time')}</dd>
        </div>
        <div>
          <dt>Trace</dt>
          <dd>
            <Text value={of.traceId} mono /> {of.traceId && <Copy text={of.traceId} what="the trace id" />}
          </dd>
        </div>
      </dl>
      <section class="card" aria-labelledby="faults">
        <h2 id="faults">Why it is not valid</h2>
        <ul class="faults">
          {of.errors.map((error) => (
            <li key={error}>
              <bdi>{error}</bdi>
            </li>
          ))}
        </ul>
      </section>
      <section class="card" aria-labelledby="raw">
        <h2 id="raw">
          Raw body <span class="muted">{bytes(of.size)}, as it was signed</span>
        </h2>
        <Body of={of} />
      </section>
    </>
  );
}
