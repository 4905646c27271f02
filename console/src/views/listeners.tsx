import { useState } from 'preact/hooks';

import { get, post, type ApiError } from '../api.js';
import { ListenerBadge } from '../components/badge.js';
import { Heading } from '../components/heading.js';
import { Empty, Fault, Loaded } from '../components/notice.js';
import { ReplayDialog } from '../components/replay.js';
import { Table, type Column } from '../components/table.js';
import { count, percent, seconds } from '../format.js';
import { useInterval, useLive, useResource } from '../resource.js';
import { mayAct } from '../session.js';
import type { ListenerInfo } from '../types.js';

/** Rates and lag change with time alone. */
const REFRESH_MS = 5_000;

const name: Column<ListenerInfo> = {
  head: 'Listener',
  cell: (listener) => <a href={`/listeners/${encodeURIComponent(listener.name)}`}>{listener.name}</a>,
};
const FIGURES: readonly Column<ListenerInfo>[] = [
  { head: 'State', cell: (listener) => <ListenerBadge listener={listener} /> },
  { head: 'Lag', kind: 'num', cell: ({ lagSeconds }) => seconds(lagSeconds) },
  { head: 'Waiting', kind: 'num', cell: ({ waiting }) => count(waiting) },
  { head: 'Running', kind: 'num', cell: ({ running }) => count(running) },
  { head: 'Per minute', kind: 'num', cell: ({ perMinute }) => count(Math.round(perMinute)) },
  { head: 'Errors', kind: 'num', cell: ({ errorRate }) => percent(errorRate) },
  {
    head: 'Dead',
    kind: 'num',
    cell: ({ dead, name: listener }) =>
      dead === 0 ? '0' : <a href={`/dead-letters?listener=${encodeURIComponent(listener)}`}>{count(dead)}</a>,
  },
];

/** Every listener that ever was loaded, and how it does. */
export function Listeners() {
  const listeners = useResource('listeners', (signal) =>
    get<{ items: ListenerInfo[] }>('/listeners', {}, signal),
  );
  useInterval(listeners.reload, REFRESH_MS);
  useLive(listeners.reload, ({ kind }) => kind === 'attempt');
  const actions: Column<ListenerInfo> = {
    head: 'Actions',
    cell: (listener) => <ListenerActions listener={listener} done={listeners.reload} />,
  };
  const columns = mayAct() ? [name, ...FIGURES, actions] : [name, ...FIGURES];
  return (
    <>
      <Heading name="Listeners" />
      <Loaded from={listeners}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No listener is loaded.">
              Name your modules in LISTENERS, and start the service again. Events are kept meanwhile.
            </Empty>
          ) : (
            <Table label="Listeners" columns={columns} rows={items} keyOf={(listener) => listener.name} />
          )
        }
      </Loaded>
    </>
  );
}

/** Pause or resume, and replay. */
export function ListenerActions({ listener, done }: { listener: ListenerInfo; done: () => void }) {
  const [replaying, setReplaying] = useState(false);
  const [error, setError] = useState<ApiError>();
  const action = listener.paused ? 'resume' : 'pause';
  const act = (): void => {
    setError(undefined);
    post(`/listeners/${encodeURIComponent(listener.name)}/${action}`).then(done, setError);
  };
  return (
    <span class="actions">
      <button type="button" onClick={act} aria-label={`${action} ${listener.name}`}>
        {listener.paused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" onClick={() => setReplaying(true)} aria-label={`Replay to ${listener.name}`}>
        Replay …
      </button>
      {error && <Fault error={error} />}
      {replaying && (
        <ReplayDialog listener={listener.name} close={() => setReplaying(false)} started={done} />
      )}
    </span>
  );
}
