import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { get } from '../api.js';
import { Chart } from '../components/chart.js';
import { EventType, Text } from '../components/badge.js';
import { Heading } from '../components/heading.js';
import { Loaded } from '../components/notice.js';
import { Time } from '../components/time.js';
import { count, duration, plural, seconds } from '../format.js';
import { useResource } from '../resource.js';
import { interactionPath } from '../router.js';
import { overview, subscribe } from '../stream.js';
import type { EventFields, Minute, Overview as Figures, Page, Stats } from '../types.js';

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

const LATEST = 8;
const LATEST_MS = 500;

/** The newest events as they come, in a room that is theirs from the start. It stands still while pointed at. */
function Latest() {
  const [events, setEvents] = useState<readonly EventFields[]>([]);
  const [held, setHeld] = useState(false);
  useEffect(() => {
    let fresh: EventFields[] = [];
    const show = (): void => {
      if (fresh.length === 0 || held) return;
      const newest = fresh.reverse();
      fresh = [];
      setEvents((before) => merge(newest, before));
    };
    const load = (): void => {
      get<Page<EventFields>>('/events', { limit: LATEST }).then(
        ({ items }) => setEvents((before) => merge(before, items)),
        () => undefined,
      );
    };
    load();
    const end = subscribe((note) => {
      if (note.kind === 'event') fresh = [...fresh, note.event].slice(-LATEST);
      if (note.kind === 'reconnected') load();
    });
    const timer = setInterval(show, LATEST_MS);
    return () => {
      end();
      clearInterval(timer);
    };
  }, [held]);
  const hold = (on: boolean) => () => setHeld(on);
  return (
    <section class="card" aria-labelledby="latest">
      <h2 id="latest">
        Latest events <span class="muted held">{held ? 'held while you point at them' : ''}</span>
      </h2>
      <ol
        class="latest"
        style={{ '--rows': LATEST }}
        onMouseEnter={hold(true)}
        onMouseLeave={hold(false)}
        onFocusIn={hold(true)}
        onFocusOut={hold(false)}
      >
        {events.length === 0 && (
          <li class="empty-line muted">
            No event has come yet. <code>npm run send</code> sends one.
          </li>
        )}
        {events.map((event) => (
          <li key={event.seq}>
            <Time at={event.receivedAt} />
            <EventType type={event.type} late={event.late} />
            <a
              href={
                event.interactionId === null ? `/events/${event.seq}` : interactionPath(event.interactionId)
              }
            >
              <Text value={event.interactionId ?? `event ${event.seq}`} mono />
            </a>
            <span class="muted">
              <Text value={[event.mediaType, event.interactionSubtype].filter(Boolean).join(' · ')} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The newest of both, each once. */
function merge(a: readonly EventFields[], b: readonly EventFields[]): readonly EventFields[] {
  const bySeq = new Map([...b, ...a].map((event) => [event.seq, event]));
  return [...bySeq.values()].sort((x, y) => y.seq - x.seq).slice(0, LATEST);
}
