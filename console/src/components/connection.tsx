import { clock } from '../format.js';
import { connection, heardAt, reconnectSoon } from '../stream.js';

const WORDS = { connecting: 'Connecting', live: 'Live', reconnecting: 'Not live' } as const;

/** Whether what is shown is live: always in its place, as a word and a dot. */
export function ConnectionMark() {
  const state = connection.value;
  return (
    <span class={`connection ${state}`} role="status">
      <span class="dot" aria-hidden="true" />
      {WORDS[state]}
    </span>
  );
}

/** Says how old is what is shown, over the page and not in it, so that nothing moves. */
export function ConnectionNotice() {
  if (connection.value !== 'reconnecting') return null;
  return (
    <div class="notice" role="alert">
      <span>
        Nothing new has come since {clock(new Date(heardAt.value))}: the service does not answer. Trying again
        …
      </span>
      <button type="button" onClick={reconnectSoon}>
        Try now
      </button>
    </div>
  );
}
