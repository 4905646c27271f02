import { useEffect, useState } from 'preact/hooks';

/** Copies a text, and says so in its place. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (said === '') return;
    const timer = setTimeout(() => setSaid(''), 2_000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    copyText(text).then(
      () => setSaid('Copied'),
      () => setSaid('Not copied'),
    );
  };
  return (
    <button type="button" class="copy" onClick={copy} aria-label={`Copy ${what}`}>
      <span aria-hidden="true">{said === '' ? 'Copy' : said}</span>
      <span class="hidden" role="status">
        {said}
      </span>
    </button>
  );
}

async function copyText(text: string): Promise<void> {
  // Over plain HTTP from another machine there is no clipboard but this way.
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'hidden';
  document.body.append(area);
  area.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is nothing else outside a secure context
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('The browser does not copy.');
}
