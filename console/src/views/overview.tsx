import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

import { get } from '../api.js';
import { Chart } from '../components/chart.js';
import { Heading } from '../components/heading.js';
import { Latest } from '../components/latest.js';
import { Loaded } from '../components/notice.js';
import { count, duration, plural, seconds } from '../format.js';
import { useResource } from '../resource.js';
import { overview } from '../stream.js';
import type { Minute, Overview as Figures, Stats } from '../types.js';

/** What an operator looks at first: whether all is well, and if not, where to go. */
export function Overview() {
  const first = useResource('overview', (signal) => get<Figures>('/overview', {}, signal));
  return (
    <>
      <Heading name="Overview" />
      <Loaded from={{ ...first, data: overview.value ?? first.data }}>
        {(figures) => (
          <>
            <Verdict of={figures} />
            <Tiles of={figures} />
          </>
        )}
      </Loaded>
      <PerMinute />
      <Latest />
    </>
  );
}

/** One sentence that says whether somebody is needed. */
function Verdict({ of: { listeners, quarantine, interactions } }: { of: Figures }) {
  const needs: [number, string, ComponentChildren][] = [
    [listeners.dead, '/dead-letters', plural(listeners.dead, 'dead letter')],
    [quarantine.held, '/quarantine', `${plural(quarantine.held, 'payload')} in quarantine`],
    [listeners.paused, '/listeners', `${plural(listeners.paused, 'listener')} paused`],
    [listeners.orphaned, '/listeners', `${plural(listeners.orphaned, 'listener')} not loaded`],
    [
      interactions?.stuck ?? 0,
      '/interactions?state=stuck',
      `${plural(interactions?.stuck ?? 0, 'interaction')} stuck`,
    ],
  ];
  const open = needs.filter(([amount]) => amount > 0);
  if (open.length === 0) {
    return <p class="verdict ok">All is well: nothing waits for an operator.</p>;
  }
  return (
    <p class="verdict attention">
      <strong>Needs attention:</strong>{' '}
      {open.map(([, to, text], i) => (
        <span key={to + String(i)}>
          {i > 0 && ', '}
          <a href={to}>{text}</a>
        </span>
      ))}
    </p>
  );
}

function Tiles({ of }: { of: Figures }) {
  const { events, interactions, durations, listeners, quarantine, requestsWaiting } = of;
  return (
    <div class="tiles">
      <Tile
        name="Events, last minute"
        value={count(events.lastMinute)}
        to="/events"
        note={
          requestsWaiting > 0
            ? `${plural(requestsWaiting, 'request')} waiting for the disk`
            : `${count(events.total)} in all`
        }
      />
      {interactions === null ? (
        <Tile name="Interactions" value="off" to="/interactions" note="set INTERACTIONS=on" />
      ) : (
        <>
          <Tile
            name="Open"
            value={count(interactions.open)}
            to="/interactions?state=open"
            note="interactions"
          />
          <Tile
            name="Stuck"
            value={count(interactions.stuck)}
            to="/interactions?state=stuck"
            note="started, never finished"
            tone={interactions.stuck > 0 ? 'warn' : undefined}
          />
          <Tile
            name="Finished"
            value={count(interactions.finishedLastHour)}
            to="/interactions?state=finished"
            note="in the last hour"
          />
          <Tile
            name="Duration, median"
            value={durations?.medianMs == null ? '–' : duration(durations.medianMs)}
            to="/interactions?state=finished"
            note={durations?.p95Ms == null ? 'none finished yet' : `95 % within ${duration(durations.p95Ms)}`}
          />
        </>
      )}
      <Tile
        name="Listener lag"
        value={seconds(listeners.lagSeconds)}
        to="/listeners"
        note={`${plural(listeners.waiting, 'delivery', 'deliveries')} waiting`}
        tone={listeners.lagSeconds > LATE_S ? 'warn' : undefined}
      />
      <Tile
        name="Dead letters"
        value={count(listeners.dead)}
        to="/dead-letters"
        note={listeners.dead > 0 ? 'to retry or discard' : 'none'}
        tone={listeners.dead > 0 ? 'bad' : undefined}
      />
      <Tile
        name="Quarantine"
        value={count(quarantine.held)}
        to="/quarantine"
        note={quarantine.held > 0 ? 'to reprocess or discard' : 'none'}
        tone={quarantine.held > 0 ? 'warn' : undefined}
      />
    </div>
  );
}

/** Seconds behind that an operator should hear of. */
const LATE_S = 60;

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly to: string;
  readonly tone?: 'warn' | 'bad' | undefined;
}

function Tile({ name, value, note, to, tone }: TileProps) {
  return (
    <a class={`tile ${tone ?? ''}`} href={to}>
      <span class="tile-name">{name}</span>
      <span class="tile-value">{value}</span>
      <span class="tile-note">{note}</span>
    </a>
  );
}

const CHART_MINUTES = 60;

function PerMinute() {
  const stats = useResource('stats', (signal) => get<Stats>('/stats', { minutes: CHART_MINUTES }, signal));
  const figures = overview.value;
  const { reload } = stats;
  // With every event the present minute grows, and with time its place moves.
  const stamp = figures && `${figures.events.total} ${figures.at.slice(0, 16)}`;
  useEffect(() => {
    if (stamp !== null) reload();
  }, [stamp, reload]);
  return (
    <section class="card" aria-labelledby="per-minute">
      <h2 id="per-minute">Events per minute</h2>
      <div class="chart-place">
        <Loaded from={stats}>{({ minutes }) => <MinuteChart minutes={minutes} />}</Loaded>
      </div>
    </section>
  );
}

function MinuteChart({ minutes }: { minutes: readonly Minute[] }) {
  const of = (type: string): number[] => minutes.map(({ byType }) => byType[type] ?? 0);
  const total = minutes.reduce((sum, minute) => sum + minute.total, 0);
  const most = Math.max(0, ...minutes.map((minute) => minute.total));
  return (
    <Chart
      kind="bars"
      label={`Events per minute in the last hour: ${count(total)} in all, ${count(most)} in the busiest minute.`}
      times={minutes.map(({ at }) => at)}
      series={[
        { label: 'STARTED', tone: 'first', values: of('STARTED'), format: count },
        { label: 'FINISHED', tone: 'second', values: of('FINISHED'), format: count },
      ]}
    />
  );
}
