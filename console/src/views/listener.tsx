import { get, getPage } from '../api.js';
import { ListenerBadge, Text } from '../components/badge.js';
import { Chart } from '../components/chart.js';
import { Heading } from '../components/heading.js';
import { Empty, Loaded } from '../components/notice.js';
import { ReplayProgress } from '../components/replay.js';
import { Time } from '../components/time.js';
import { count, duration, localTime, percent, seconds } from '../format.js';
import { useInterval, useLive, useResource } from '../resource.js';
import { segmentAfter } from '../router.js';
import { mayAct } from '../session.js';
import type { ListenerDetail, Replay } from '../types.js';
import { ListenerActions } from './listeners.js';

const REFRESH_MS = 5_000;

/** One listener: how far it is behind, how it fails, and what it is told. */
export function ListenerView() {
  const name = segmentAfter('/listeners/') ?? '';
  const listener = useResource(name, (signal) =>
    get<ListenerDetail>(`/listeners/${encodeURIComponent(name)}`, {}, signal),
  );
  useInterval(listener.reload, REFRESH_MS);
  useLive(listener.reload, (note) => note.kind === 'attempt' && note.attempt.listener === name);
  const { data } = listener;
  return (
    <>
      <Heading
        name={`Listener ${name}`}
        title={
          <>
            <span class="kicker">Listener</span> <Text value={name} />
          </>
        }
      >
        {data && mayAct() && <ListenerActions listener={data} done={listener.reload} />}
      </Heading>
      {listener.error?.status === 404 ? (
        <Empty title="No listener of this name was ever loaded.">
          See <a href="/listeners">all listeners</a>.
        </Empty>
      ) : (
        <Loaded from={listener}>
          {(detail) => (
            <>
              <Facts of={detail} />
              <Charts of={detail} />
            </>
          )}
        </Loaded>
      )}
      <Replays listener={name} />
    </>
  );
}

function Facts({ of }: { of: ListenerDetail }) {
  const { options } = of;
  const facts: [string, preact.ComponentChildren][] = [
    ['State', <ListenerBadge key="state" listener={of} />],
    ['Lag', seconds(of.lagSeconds)],
    ['Waiting', count(of.waiting)],
    ['Running', count(of.running)],
    ['Oldest waiting', <Time key="oldest" at={of.oldestPendingAt} />],
    ['Errors, 5 min', percent(of.errorRate)],
    [
      'Dead',
      of.dead === 0 ? (
        '0'
      ) : (
        <a href={`/dead-letters?listener=${encodeURIComponent(of.name)}`}>{count(of.dead)}</a>
      ),
    ],
  ];
  if (options !== null) {
    facts.push(
      ['Attempts', String(options.attempts)],
      ['Timeout', duration(options.timeoutMs)],
      ['At once', String(options.concurrency)],
      ['When dead', options.onDead === 'park' ? 'hold the interaction' : 'go on with the next'],
    );
  }
  const filter = Object.entries(of.filter).filter(([, value]) => value != null);
  facts.push([
    'Takes',
    filter.length === 0 ? (
      'every event'
    ) : (
      <Text value={filter.map(([key, value]) => `${key}: ${text(value)}`).join(', ')} />
    ),
  ]);
  return (
    <dl class="facts">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A value of a filter; times in the reader's zone. */
function text(value: unknown): string {
  if (Array.isArray(value)) return value.join(' or ');
  const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value);
  return isTime ? localTime(value) : String(value);
}

function Charts({ of: { series } }: { of: ListenerDetail }) {
  const times = series.map(({ at }) => at);
  const lag = series.map(({ lagSeconds }) => lagSeconds);
  const failed = series.reduce((sum, point) => sum + point.failed, 0);
  const most = Math.max(0, ...lag);
  return (
    <div class="pair">
      <section class="card" aria-labelledby="lag">
        <h2 id="lag">Lag</h2>
        <Chart
          kind="lines"
          label={`Lag in the last hour: at most ${seconds(most)}.`}
          times={times}
          series={[{ label: 'behind', tone: 'first', values: lag, format: seconds }]}
        />
      </section>
      <section class="card" aria-labelledby="attempts">
        <h2 id="attempts">Attempts per minute</h2>
        <Chart
          kind="bars"
          label={`Attempts in the last hour: ${count(failed)} failed.`}
          times={times}
          series={[
            { label: 'done', tone: 'second', values: series.map(({ done }) => done), format: count },
            { label: 'failed', tone: 'bad', values: series.map((point) => point.failed), format: count },
          ]}
        />
      </section>
    </div>
  );
}

/** The replays of a listener that are remembered, newest first. */
function Replays({ listener }: { listener: string }) {
  const replays = useResource('replays', (signal) => getPage<Replay>('/replays', { limit: 100 }, signal));
  useInterval(replays.reload, REFRESH_MS);
  return (
    <section class="card" aria-labelledby="replays">
      <h2 id="replays">Replays</h2>
      <Loaded from={replays}>
        {({ items }) => {
          const own = items.filter((replay) => replay.listener === listener).slice(0, 10);
          if (own.length === 0) return <p class="muted">No events were delivered to it again.</p>;
          return (
            <ul class="replays">
              {own.map(({ id, createdAt, filter }) => (
                <li key={id}>
                  <Time at={createdAt} />
                  <Text value={told(filter)} />
                  <ReplayProgress id={id} />
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </section>
  );
}

function told(filter: Replay['filter']): string {
  const parts = Object.entries(filter).filter(([, value]) => value != null);
  return parts.length === 0
    ? 'every event'
    : parts.map(([key, value]) => `${key}: ${text(value)}`).join(', ');
}
