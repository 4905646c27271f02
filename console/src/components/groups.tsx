import { count } from '../format.js';

export interface Group {
  readonly key: string;
  readonly name: string;
  readonly note?: string;
  readonly count: number;
  readonly active: boolean;
  readonly choose: () => void;
}

interface Props {
  readonly label: string;
  readonly groups: readonly Group[];
  /** Takes the choice back; absent where nothing is chosen. */
  readonly all: (() => void) | undefined;
}

/** Things that failed in the same way, as a list to choose from. */
export function Groups({ label, groups, all }: Props) {
  if (groups.length === 0 && all === undefined) return null;
  return (
    <div class="groups">
      <ul aria-label={label}>
        {groups.map(({ key, name, note, count: size, active, choose }) => (
          <li key={key}>
            <button type="button" class="group" aria-pressed={active} onClick={choose}>
              <span class="group-count">{count(size)}</span>
              <span class="group-name">
                <bdi>{name}</bdi>
                {note !== undefined && <span class="muted">{note}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {all && (
        <button type="button" class="quiet" onClick={all}>
          Show all
        </button>
      )}
    </div>
  );
}
