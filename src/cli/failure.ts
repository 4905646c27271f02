/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** A command cannot be carried out as it was given; the message is for the user, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
