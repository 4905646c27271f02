import { useEffect, useState } from 'preact/hooks';

import { get } from '../api.js';
import { interactionPath } from '../router.js';
import { subscribe } from '../stream.js';
import type { EventFields, Page } from '../types.js';
import { EventType, Text } from './badge.js';
import { Time } from './time.js';

const LATEST = 8;
const LATEST_MS = 500;

/** The newest events as they come, in a room that is theirs from the start. It stands still while pointed at. */
export function Latest() {
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
