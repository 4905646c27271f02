import type { FunctionComponent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { Shell } from './components/shell.js';
import { path } from './router.js';
import { checkSession, session, sessionError } from './session.js';
import { connect, disconnect } from './stream.js';
import { DeadLetters } from './views/dead-letters.js';
import { EventView } from './views/event.js';
import { Events } from './views/events.js';
import { InteractionView } from './views/interaction.js';
import { Interactions } from './views/interactions.js';
import { ListenerView } from './views/listener.js';
import { Listeners } from './views/listeners.js';
import { NotFound } from './views/not-found.js';
import { Overview } from './views/overview.js';
import { QuarantineItemView } from './views/quarantine-item.js';
import { Quarantine } from './views/quarantine.js';
import { Settings } from './views/settings.js';
import { SignIn } from './views/sign-in.js';

/** Which view a path shows; src/operations/page.ts serves the same paths. */
const ROUTES: readonly (readonly [RegExp, FunctionComponent])[] = [
  [/^\/$/, Overview],
  [/^\/interactions$/, Interactions],
  [/^\/interactions\/.+/, InteractionView],
  [/^\/events$/, Events],
  [/^\/events\/\d+$/, EventView],
  [/^\/listeners$/, Listeners],
  [/^\/listeners\/.+/, ListenerView],
  [/^\/dead-letters$/, DeadLetters],
  [/^\/quarantine$/, Quarantine],
  [/^\/quarantine\/\d+$/, QuarantineItemView],
  [/^\/settings$/, Settings],
];

/** The page: the form to sign in, or the view of the path in its frame. */
export function App() {
  const known = session.value;
  const signedIn = known != null;
  useEffect(() => {
    if (!signedIn) return;
    connect();
    return disconnect;
  }, [signedIn]);
  if (known === undefined) return <Waiting />;
  if (known === null) return <SignIn />;
  return (
    <Shell>
      <View />
    </Shell>
  );
}

function View() {
  const shown = path.value;
  const first = useRef(true);
  useEffect(() => {
    // A new view is read from its heading on; when the page has just been loaded, the browser decides.
    if (!first.current) document.querySelector('h1')?.focus();
    first.current = false;
  }, [shown]);
  const [, Found = NotFound] = ROUTES.find(([pattern]) => pattern.test(shown)) ?? [];
  return <Found key={shown} />;
}

/** Nothing is known yet. Blank for as long as an answer usually takes. */
function Waiting() {
  const error = sessionError.value;
  if (error === null) return null;
  return (
    <main class="sign-in">
      <h1>Interactions Webhook</h1>
      <p role="alert">{error}</p>
      <button type="button" class="primary" onClick={() => void checkSession()}>
        Try again
      </button>
    </main>
  );
}
