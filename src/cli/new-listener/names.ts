import { LISTENER_NAME } from '../../events/listener-registry.js';
import { UsageError } from '../failure.js';

/** What a new listener's parts are called. */
export interface Names {
  /** The listener, its folder and its files. */
  readonly name: string;
  /** Its classes, without the suffix of their role. */
  readonly className: string;
  readonly packageName: string;
}

/** @throws UsageError when a listener cannot be named so. */
export function namesOf(name: string): Names {
  if (!LISTENER_NAME.test(name)) {
    throw new UsageError(
      `The name "${name}" must be 1 to 64 characters of a-z, 0-9, ".", "_" and "-", and begin with a letter or a digit.`,
    );
  }
  const stem = name.replace(/[._-]listener$/, '');
  const words = stem.split(/[._-]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return {
    name,
    // A class cannot begin with a digit.
    className: words.join('').replace(/^(?=\d)/, 'On'),
    // Not the bare name: that may be the package that it needs, or one that npm refuses.
    packageName: `${stem}-listener`,
  };
}
