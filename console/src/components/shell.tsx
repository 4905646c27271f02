import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { count } from '../format.js';
import { path } from '../router.js';
import { session, signOut } from '../session.js';
import { overview } from '../stream.js';
import { nextTheme, theme } from '../theme.js';
import { ConnectionMark, ConnectionNotice } from './connection.js';
import { Search } from './search.js';

interface Entry {
  readonly to: string;
  readonly name: string;
  /** What waits there for somebody. */
  readonly waits?: () => number | undefined;
}

const ENTRIES: readonly Entry[] = [
  { to: '/', name: 'Overview' },
  { to: '/interactions', name: 'Interactions' },
  { to: '/events', name: 'Events' },
  { to: '/listeners', name: 'Listeners' },
  { to: '/dead-letters', name: 'Dead letters', waits: () => overview.value?.listeners.dead },
  { to: '/quarantine', name: 'Quarantine', waits: () => overview.value?.quarantine.held },
  { to: '/settings', name: 'Settings' },
];

/** What is around every view. */
export function Shell({ children }: { children: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const at = path.value;
  useEffect(() => setOpen(false), [at]);
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href="/">
          Interactions<span> Webhook</span>
        </a>
        <Search />
        <ConnectionMark />
        <button
          type="button"
          class="menu"
          aria-expanded={open}
          aria-controls="menu"
          onClick={() => setOpen(!open)}
        >
          Menu
        </button>
      </header>
      <div id="menu" class={open ? 'side open' : 'side'}>
        <nav aria-label="Views">
          {ENTRIES.map((entry) => (
            <NavLink key={entry.to} entry={entry} at={at} />
          ))}
        </nav>
        <Account />
      </div>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <ConnectionNotice />
    </div>
  );
}

function NavLink({ entry: { to, name, waits }, at }: { entry: Entry; at: string }) {
  const here = at === to || (to !== '/' && at.startsWith(`${to}/`));
  const waiting = waits?.() ?? 0;
  return (
    <a href={to} {...(here && { 'aria-current': 'page' as const })}>
      {name}
      {waiting > 0 && <span class="count">{count(waiting)}</span>}
    </a>
  );
}

function Account() {
  return (
    <section class="account" aria-label="Account">
      <button type="button" class="quiet" onClick={nextTheme}>
        Theme: {theme.value}
      </button>
      <span class="muted">Signed in as {session.value?.role}</span>
      <button type="button" class="quiet" onClick={() => void signOut()}>
        Sign out
      </button>
    </section>
  );
}
