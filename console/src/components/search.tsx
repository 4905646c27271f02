import { useEffect, useRef, useState } from 'preact/hooks';

import { get } from '../api.js';
import { go, interactionPath } from '../router.js';

/** Finds an interaction by its id; else whatever has the text in one of its ids. */
export function Search() {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target } = event;
      const typing = target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const find = async (): Promise<void> => {
    const id = text.trim();
    if (id === '') return;
    setBusy(true);
    const found = await isInteraction(id);
    setBusy(false);
    setText('');
    go(found ? interactionPath(id) : `/events?text=${encodeURIComponent(id)}`);
  };
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        void find();
      }}
    >
      <input
        ref={input}
        type="search"
        aria-label="Search by interaction, operation or trace id"
        placeholder="Interaction, operation or trace id"
        spellcheck={false}
        autocomplete="off"
        aria-busy={busy}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

async function isInteraction(id: string): Promise<boolean> {
  if (id === '.' || id === '..') return false;
  try {
    await get(`/interactions/${encodeURIComponent(id)}`);
    return true;
  } catch {
    return false;
  }
}
