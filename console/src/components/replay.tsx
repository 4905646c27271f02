import { useState } from 'preact/hooks';

import { get, post, type ApiError } from '../api.js';
import { count, plural } from '../format.js';
import { useInterval, useResource } from '../resource.js';
import { mayAct } from '../session.js';
import type { ListenerInfo, Replay } from '../types.js';
import { Badge } from './badge.js';
import { Dialog } from './dialog.js';
import { MEDIA_TYPES, TYPES } from './filters.js';
import { Fault, Loaded } from './notice.js';

interface Props {
  readonly close: () => void;
  /** Given where a listener is looked at; else it is asked for. */
  readonly listener?: string;
  /** Given where an interaction is looked at; else it is asked for. */
  readonly filter?: Readonly<Record<string, string>>;
  readonly started?: () => void;
}

/** Delivers stored events to a listener again: which, how many that is, and only then the button that does it. */
export function ReplayDialog({ close, listener: fixed, filter, started }: Props) {
  const listeners = useResource('listeners', (signal) =>
    get<{ items: ListenerInfo[] }>('/listeners', {}, signal),
  );
  const [listener, setListener] = useState(fixed ?? '');
  const [chosen, setChosen] = useState<Readonly<Record<string, string>>>(filter ?? {});
  const [counted, setCounted] = useState<number>();
  const [replay, setReplay] = useState<Replay>();
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const body = { listener, filter: wellFormed(chosen) };
  // A count of something else is no count.
  const change = (changes: Readonly<Record<string, string>>): void => {
    setChosen({ ...chosen, ...changes });
    setCounted(undefined);
  };
  const run = async (command: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    await command().catch((fault: unknown) => setError(fault as ApiError));
    setBusy(false);
  };
  const dryRun = async (): Promise<void> => {
    setCounted((await post<{ count: number }>('/replays', { ...body, dryRun: true })).count);
  };
  const start = async (): Promise<void> => {
    setReplay(await post<Replay>('/replays', body));
    started?.();
  };
  return (
    <Dialog title={fixed === undefined ? 'Replay to a listener' : `Replay to ${fixed}`} close={close}>
      {replay ? (
        <ReplayProgress id={replay.id} />
      ) : (
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            void run(counted === undefined ? dryRun : start);
          }}
        >
          <p class="muted">
            The listener handles the events once more, in order, with fresh attempts. What is still on its way
            is not doubled.
          </p>
          {fixed === undefined && (
            <label class="field">
              <span>Listener</span>
              <select
                required
                value={listener}
                onChange={({ currentTarget }) => {
                  setListener(currentTarget.value);
                  setCounted(undefined);
                }}
              >
                <option value="">choose one</option>
                {listeners.data?.items.map(({ name }) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          )}
          {filter === undefined && <FilterFields chosen={chosen} change={change} />}
          {error && <Fault error={error} />}
          <p class="counted" role="status">
            {counted !== undefined &&
              (counted === 0
                ? 'No event matches: nothing would be replayed.'
                : `${plural(counted, 'event')} would be delivered again.`)}
          </p>
          <div class="actions end">
            <button type="button" onClick={close}>
              Cancel
            </button>
            {counted === undefined ? (
              <button type="submit" class="primary" disabled={busy || listener === ''}>
                Count first
              </button>
            ) : (
              <button type="submit" class="primary" disabled={busy || counted === 0}>
                Replay {plural(counted, 'event')}
              </button>
            )}
          </div>
        </form>
      )}
      {replay && (
        <>
          <p class="muted">It goes on when this is closed; the listener’s page tells how far it is.</p>
          <div class="actions end">
            <button type="button" onClick={close}>
              Close
            </button>
          </div>
        </>
      )}
    </Dialog>
  );
}

interface FieldsProps {
  readonly chosen: Readonly<Record<string, string>>;
  readonly change: (changes: Readonly<Record<string, string>>) => void;
}

function FilterFields({ chosen, change }: FieldsProps) {
  const select = (name: string, label: string, options: readonly string[]) => (
    <label class="field">
      <span>{label}</span>
      <select
        value={chosen[name] ?? ''}
        onChange={({ currentTarget }) => change({ [name]: currentTarget.value })}
      >
        <option value="">any</option>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </label>
  );
  const input = (name: string, label: string) => (
    <label class="field">
      <span>{label}</span>
      <input
        value={chosen[name] ?? ''}
        spellcheck={false}
        onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
      />
    </label>
  );
  const time = (name: string, label: string) => (
    <label class="field">
      <span>{label}</span>
      <input
        type="datetime-local"
        value={chosen[name] ?? ''}
        onInput={({ currentTarget }) => change({ [name]: currentTarget.value })}
      />
    </label>
  );
  return (
    <div class="fields">
      {time('from', 'From, your time')}
      {time('to', 'To, your time')}
      {select('type', 'Event', TYPES)}
      {select('mediaType', 'Media', MEDIA_TYPES)}
      {input('channel', 'Channel')}
      {input('interaction', 'Interaction id')}
    </div>
  );
}

/** What was chosen, as the API takes it: times in UTC, and nothing that is empty. */
function wellFormed(chosen: Readonly<Record<string, string>>): Record<string, string> {
  const given = Object.entries(chosen).filter(([, value]) => value !== '');
  return Object.fromEntries(
    given.map(([name, value]) => [
      name,
      name === 'from' || name === 'to' ? new Date(value).toISOString() : value,
    ]),
  );
}

const PROGRESS_MS = 1_000;

/** How far a replay is, and a way to cancel it. */
export function ReplayProgress({ id }: { id: number }) {
  const replay = useResource(`replay ${id}`, (signal) => get<Replay>(`/replays/${id}`, {}, signal));
  useInterval(() => {
    if (replay.data?.state === 'running') replay.reload();
  }, PROGRESS_MS);
  const cancel = (): void => {
    post(`/replays/${id}/cancel`).then(replay.reload, replay.reload);
  };
  return (
    <Loaded from={replay}>
      {({ state, replayed, progress }) => (
        <div class="bulk" role="status">
          {state === 'running' && <progress aria-label={`Replay ${id}`} max={1} value={progress} />}
          <span class="grow">
            <Badge state={state} /> {count(replayed)} delivered again
          </span>
          {state === 'running' && mayAct() && (
            <button type="button" onClick={cancel}>
              Cancel it
            </button>
          )}
        </div>
      )}
    </Loaded>
  );
}
