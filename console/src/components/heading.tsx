import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

interface Props {
  readonly name: string;
  /** What is shown, where that is more than the name. */
  readonly title?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** The heading of a view, with its actions; it also names the window. */
export function Heading({ name, title = name, children }: Props) {
  useEffect(() => {
    document.title = `${name} – Interactions Webhook`;
  }, [name]);
  return (
    <div class="heading">
      <h1 tabIndex={-1}>{title}</h1>
      {children !== undefined && <div class="actions">{children}</div>}
    </div>
  );
}
