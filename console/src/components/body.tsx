import { useState } from 'preact/hooks';

import { reindent } from '../json.js';
import type { RawBody } from '../types.js';
import { Copy } from './copy.js';
import { Empty } from './notice.js';

/** A raw body: as it was received, or with its JSON set apart; copied as it was received. */
export function Body({ of }: { of: RawBody }) {
  const [raw, setRaw] = useState(false);
  const { body, bodyBase64, bodyHidden } = of;
  if (bodyHidden) {
    return (
      <Empty title="The raw body is hidden from viewers.">
        Sign in with the operator’s token, or set VIEWER_BODIES=on.
      </Empty>
    );
  }
  if (body === null) {
    if (bodyBase64 === null || bodyBase64 === '') return <Empty title="The body is empty." />;
    return <Source text={bodyBase64} note="Not UTF-8: the bytes in base64." what="the body in base64" />;
  }
  if (body === '') return <Empty title="The body is empty." />;
  const pretty = reindent(body);
  if (pretty === undefined)
    return <Source text={body} note="Not JSON: as it was received." what="the raw body" />;
  return (
    <Source text={body} shown={raw ? body : pretty} what="the raw body">
      <button type="button" class="copy" aria-pressed={raw} onClick={() => setRaw(!raw)}>
        Raw
      </button>
    </Source>
  );
}

interface SourceProps {
  readonly text: string;
  readonly shown?: string;
  readonly note?: string;
  readonly what: string;
  readonly children?: preact.ComponentChildren;
}

function Source({ text, shown = text, note, what, children }: SourceProps) {
  return (
    <div class="source">
      <div class="actions">
        {note !== undefined && <span class="muted grow">{note}</span>}
        {children}
        <Copy text={text} what={what} />
      </div>
      {/* It can be scrolled, so it has to be reachable by keyboard. */}
      <pre tabIndex={0} role="region" aria-label="Raw body">
        <code>{shown}</code>
      </pre>
    </div>
  );
}
