import { useEffect, useState } from 'preact/hooks';

import { query, setQuery } from '../router.js';

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly options: readonly string[];
  /** The option that is chosen where the URL says nothing; without it, any. */
  readonly none?: string;
}

/** A choice that is kept in the query of the page's URL. */
export function Choice({ name, label, options, none }: ChoiceProps) {
  const value = query().get(name) ?? none ?? '';
  const choose = (option: string): void => setQuery({ [name]: option === none ? '' : option });
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {none === undefined && <option value="">any</option>}
        {/* A link may name one that is not offered. */}
        {[...new Set([...options, value])].filter(Boolean).map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A text that is kept in the query of the page's URL once it is typed. */
export function TextFilter({ name, label, hint }: { name: string; label: string; hint?: string }) {
  const value = query().get(name) ?? '';
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const apply = (): void => {
    if (typed.trim() !== value) setQuery({ [name]: typed.trim() });
  };
  return (
    <form
      class="field"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <label>
        <span>{label}</span>
        <input
          type="search"
          value={typed}
          placeholder={hint}
          spellcheck={false}
          autocomplete="off"
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          onBlur={apply}
        />
      </label>
    </form>
  );
}

const HOUR = 3_600_000;
const SPANS: Readonly<Record<string, number>> = {
  'last hour': HOUR,
  'last day': 24 * HOUR,
  'last week': 168 * HOUR,
};

/** How far back a list goes. */
export function Since() {
  return <Choice name="since" label="Time" options={Object.keys(SPANS)} />;
}

/** The start of the span that is chosen, on the full minute, so that a list is not another with each second. */
export function sinceTime(): string | undefined {
  const span = SPANS[query().get('since') ?? ''];
  if (span === undefined) return undefined;
  return new Date(Math.floor((Date.now() - span) / 60_000) * 60_000).toISOString();
}

/** Values that the vendor's page lists. */
export const TYPES = ['STARTED', 'FINISHED'];
export const MEDIA_TYPES = ['chat', 'email'];
