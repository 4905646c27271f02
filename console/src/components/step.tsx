import { useState } from 'preact/hooks';

import { get, post, type ApiError } from '../api.js';
import { bytes, duration, firstLine, plural } from '../format.js';
import { useResource } from '../resource.js';
import { mayAct } from '../session.js';
import type { Delivery, EventDetail, EventHistory } from '../types.js';
import { Badge, EventType, Text } from './badge.js';
import { Body } from './body.js';
import { Copy } from './copy.js';
import { Media } from './event-rows.js';
import { Fault, Loaded } from './notice.js';
import { Time } from './time.js';

interface Props {
  readonly event: EventHistory;
  readonly reload: () => void;
  /** Whether the raw body can be unfolded here. */
  readonly withBody?: boolean;
}

/** An event on its way: received, the attempts of each listener, what came of it. */
export function Step({ event, reload, withBody = false }: Props) {
  const { receipt, traceId, operationId, channel } = event;
  return (
    <li class="step">
      <div class="step-head">
        <h2>
          <EventType type={event.type} late={event.late} /> received
        </h2>
        <Time at={event.receivedAt} />
      </div>
      <dl class="facts small">
        <div>
          <dt>Media</dt>
          <dd>
            <Media of={event} />
          </dd>
        </div>
        <div>
          <dt>Channel</dt>
          <dd>
            <Text value={channel} />
            {receipt.secretIndex > 0 && (
              <span class="muted"> (older secret, number {receipt.secretIndex + 1})</span>
            )}
          </dd>
        </div>
        <Id name="Operation" value={operationId} />
        <Id name="Trace" value={traceId} />
        <div>
          <dt>Receipt</dt>
          <dd>
            #{receipt.id}, {bytes(receipt.size)}
            {receipt.redeliveries > 0 && <>, sent again {plural(receipt.redeliveries, 'time')}</>}
          </dd>
        </div>
      </dl>
      {event.deliveryList.length === 0 ? (
        <p class="muted">No listener wants this event.</p>
      ) : (
        <ul class="deliveries">
          {event.deliveryList.map((delivery) => (
            <Outcome key={delivery.listener} seq={event.seq} of={delivery} reload={reload} />
          ))}
        </ul>
      )}
      {withBody && <Unfold seq={event.seq} size={receipt.size} />}
    </li>
  );
}

function Id({ name, value }: { name: string; value: string | null }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Text value={value} mono />{' '}
        {value !== null && <Copy text={value} what={`the ${name.toLowerCase()} id`} />}
      </dd>
    </div>
  );
}

function Outcome({ seq, of, reload }: { seq: number; of: Delivery; reload: () => void }) {
  const [error, setError] = useState<ApiError>();
  const { listener, state, attempts } = of;
  const act = (action: 'retry' | 'discard'): void => {
    setError(undefined);
    post(`/deliveries/${action}`, { filter: { listener, seqs: [seq] } }).then(reload, setError);
  };
  return (
    <li class="delivery">
      <div class="delivery-head">
        <a href={`/listeners/${encodeURIComponent(listener)}`}>{listener}</a>
        <Badge state={state} />
        <span class="muted grow">{told(of)}</span>
        {state === 'dead' && mayAct() && (
          <span class="actions">
            <button type="button" onClick={() => act('retry')}>
              Retry
            </button>
            <button type="button" onClick={() => act('discard')}>
              Discard
            </button>
          </span>
        )}
      </div>
      {error && <Fault error={error} />}
      {/* One that succeeded at once is told in the line above. */}
      {attempts.some(({ outcome }) => outcome !== 'done') && (
        <ol class="attempts" aria-label={`Attempts of ${listener}`}>
          {attempts.map((one) => (
            <li key={one.attempt}>
              <span class="muted">attempt {one.attempt}</span>
              <Badge state={one.outcome} />
              <Time at={one.startedAt} />
              <span class="muted">{duration(one.durationMs)}</span>
              {one.error !== null && <ErrorText text={one.error} />}
            </li>
          ))}
        </ol>
      )}
    </li>
  );
}

/** An error, with its stack folded. */
function ErrorText({ text }: { text: string }) {
  const first = firstLine(text);
  const rest = text.slice(first.length + 1);
  if (rest === '') return <bdi class="error">{first}</bdi>;
  return (
    <details class="error">
      <summary>
        <bdi>{first}</bdi>
      </summary>
      <bdi>{rest}</bdi>
    </details>
  );
}

/** What came of a delivery, or what it waits for. */
function told({ state, attempt, durationMs, dueAt }: Delivery): string {
  const tries = plural(attempt, 'attempt');
  switch (state) {
    case 'done':
      return durationMs === null ? tries : `${tries}, ${duration(durationMs)}`;
    case 'dead':
      return `gave up after ${tries}`;
    case 'discarded':
      return 'given up by an operator';
    case 'blocked':
      return 'waits for an earlier event of this interaction';
    case 'running':
      return `attempt ${attempt} runs now`;
    case 'pending': {
      const wait = dueAt === null ? 0 : Date.parse(dueAt) - Date.now();
      if (wait <= 0) return 'due now';
      return `attempt ${attempt + 1} in ${duration(wait)}`;
    }
  }
}

function Unfold({ seq, size }: { seq: number; size: number }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        Raw body <span class="muted">{bytes(size)}</span>
      </summary>
      {open && <LoadedBody seq={seq} />}
    </details>
  );
}

function LoadedBody({ seq }: { seq: number }) {
  const event = useResource(String(seq), (signal) => get<EventDetail>(`/events/${seq}`, {}, signal));
  return <Loaded from={event}>{(detail) => <Body of={detail} />}</Loaded>;
}
