/**
 * Exit codes of every command. Those above 2 are of sysexits.h, as the service's own are: nobody answered, and
 * what was asked for is not allowed.
 */
export const EXIT = { ok: 0, failed: 1, usage: 2, unavailable: 69, notAllowed: 77 } as const;

/** A command cannot be carried out as it was given; the message is for the user, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A command was understood, and came to nothing; the message is for the user, and `exitCode` for scripts. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  constructor(
    message: string,
    readonly exitCode: number = EXIT.failed,
  ) {
    super(message);
  }
}
