/** What a check found: all is well, worth a look, wrong, or not looked at. */
export type CheckState = 'ok' | 'warning' | 'fault' | 'skipped';

/** One thing that was looked at. */
export interface Check {
  /** Stable, for programs. */
  readonly name: string;
  readonly state: CheckState;
  readonly told: string;
  /** What to do about it. */
  readonly todo?: string;
}

export const ok = (name: string, told: string): Check => ({ name, state: 'ok', told });
export const skipped = (name: string, told: string): Check => ({ name, state: 'skipped', told });
export const warning = (name: string, told: string, todo: string): Check => ({
  name,
  state: 'warning',
  told,
  todo,
});
export const fault = (name: string, told: string, todo: string): Check => ({
  name,
  state: 'fault',
  told,
  todo,
});

/** The code of a fault of the system, or its message. */
export function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
