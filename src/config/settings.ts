import { VARIABLES, type Variable } from './variables.js';

/** A variable, and what it is set to. */
export interface Setting {
  readonly name: string;
  /** What is in effect; null where there is nothing, and always for a secret. */
  readonly value: string | null;
  readonly secret: boolean;
  /** Whether it was configured. */
  readonly set: boolean;
  readonly default: string | null;
  readonly meaning: string;
}

/** By its name, so that a variable which is added later and holds a secret is one too. */
const SECRET = /SECRET|TOKEN|KEY|PASSWORD|CREDENTIAL|HEADERS/;
const CHANNEL_SECRET = 'Secrets of a named channel: the current one, then older ones that are still valid.';

/**
 * Describes every variable without the value of any secret.
 *
 * @param texts what was configured by name, as it was written.
 * @param derived what is in effect by name where it is neither configured nor a default.
 */
export function describeSettings(
  texts: ReadonlyMap<string, string | undefined>,
  derived: Readonly<Record<string, string>> = {},
): readonly Setting[] {
  const declared: readonly [string, Variable<unknown>][] = Object.entries(VARIABLES);
  const known = declared.map(([name, variable]) => describe(name, texts.get(name), variable, derived[name]));
  const channels = [...texts]
    .filter(([name, text]) => !(name in VARIABLES) && text !== undefined)
    .map(([name, text]) => describe(name, text, { default: undefined, meaning: CHANNEL_SECRET }));
  return Object.freeze([...known, ...channels]);
}

function describe(
  name: string,
  text: string | undefined,
  variable: Pick<Variable<unknown>, 'default' | 'meaning'>,
  derived?: string,
): Setting {
  const secret = SECRET.test(name);
  const effective = text ?? derived ?? variable.default;
  return Object.freeze({
    name,
    value: secret || effective === undefined ? null : withoutCredentials(effective),
    secret,
    set: text !== undefined,
    default: variable.default ?? null,
    meaning: variable.meaning,
  });
}

/** A URL without its password and its query, where there may be a key; any other text as it is. */
function withoutCredentials(text: string): string {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) return text;
  const [address = ''] = rest.split(/[?#]/, 1);
  const at = address.lastIndexOf('@');
  const user = address.slice(0, Math.max(0, at)).split(':', 1)[0] ?? '';
  const place = address.slice(at + 1);
  const query = address.length < rest.length ? '?…' : '';
  return `${scheme}${user === '' ? '' : `${user}@`}${place}${query}`;
}
