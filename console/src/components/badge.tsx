import type { ListenerInfo } from '../types.js';

type Tone = 'ok' | 'info' | 'warn' | 'bad' | 'plain';

const TONES: Readonly<Record<string, Tone>> = {
  done: 'ok',
  finished: 'ok',
  reprocessed: 'ok',
  delivering: 'ok',
  running: 'info',
  open: 'info',
  pending: 'info',
  'catching up': 'info',
  stuck: 'warn',
  late: 'warn',
  paused: 'warn',
  held: 'warn',
  failed: 'bad',
  timeout: 'bad',
  permanent: 'bad',
  'not loaded': 'bad',
  dead: 'bad',
};

/** A state, as a word on a tint: never by colour alone. */
export function Badge({ state, children }: { state: string; children?: string | undefined }) {
  return <span class={`badge ${TONES[state] ?? 'plain'}`}>{children ?? state}</span>;
}

/** What a listener does. */
export function ListenerBadge({ listener }: { listener: ListenerInfo }) {
  return <Badge state={listenerState(listener)} />;
}

function listenerState({ loaded, paused, catchingUpFrom }: ListenerInfo): string {
  if (!loaded) return 'not loaded';
  if (paused) return 'paused';
  return catchingUpFrom === null ? 'delivering' : 'catching up';
}

/** STARTED, FINISHED, or whatever came. */
export function EventType({ type, late }: { type: string | null; late: boolean }) {
  const known = type === 'STARTED' || type === 'FINISHED';
  return (
    <span class="event-type">
      <span class={`mark ${known ? type.toLowerCase() : ''}`} aria-hidden="true" />
      {known ? type : <Text value={type ?? 'no type'} />}
      {late && <Badge state="late" />}
    </span>
  );
}

/** Text that came from outside: kept from changing the direction of what is around it. */
export function Text({ value, mono = false }: { value: string | null; mono?: boolean }) {
  if (value === null) return <span class="muted none">–</span>;
  return <bdi class={mono ? 'data mono' : 'data'}>{value}</bdi>;
}
