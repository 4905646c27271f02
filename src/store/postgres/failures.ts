/** What an error of PostgreSQL, or of the connection to it, means. See the appendix "PostgreSQL Error Codes". */

/** The statement was rolled back, and would perhaps not be the next time: serialization failure, deadlock, lock not available. */
const PASSING = ['40001', '40P01', '55P03'];
/** The server ends the connection, or says that it is not the one to write to: a standby, or about to be one. */
const ENDS_CONNECTION = /^(08|57P0[1-5]|25006|25P03)/;
/** The server cannot take a connection now: it starts, it stops, or it has too many. */
const NOT_NOW = /^(08|57P0[1-3]|53300|53400)/;
/** Refused data: the message would name it. */
const OF_DATA = /^2[23]/;
/** Of the operating system, such as ECONNREFUSED and ENOTFOUND. */
const SYSTEM = /^E[A-Z_]+$/;

/** The SQLSTATE, if the server spoke. */
function stateOf(error: unknown): string | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined;
}

/** Whether the connection is of no use any more. What was sent on it has perhaps been carried out. */
export function isBroken(error: unknown): boolean {
  const state = stateOf(error);
  return state === undefined ? isOfConnection(error) : ENDS_CONNECTION.test(state);
}

/** Whether what was sent may have been carried out, though there was no answer. */
export function mayBeDone(error: unknown): boolean {
  return isBroken(error) && stateOf(error) !== '25006';
}

/** Whether the same statement may succeed at once. Nothing of it was done. */
export function isPassing(error: unknown): boolean {
  return PASSING.includes(stateOf(error) ?? '');
}

/** Whether the statement was refused for what is in it. Nothing of it was done. */
export function isOfData(error: unknown): boolean {
  return OF_DATA.test(stateOf(error) ?? '');
}

/** Whether the server may be there later, as it is: no setting has to be changed. */
export function isAbsent(error: unknown): boolean {
  const state = stateOf(error);
  return state === undefined ? isOfConnection(error) : NOT_NOW.test(state);
}

/** What happened, without secrets and without data. */
export function reasonOf(error: unknown): string {
  const state = stateOf(error);
  const { message, code, errors } = error as Error & { code?: string; errors?: Error[] };
  if (state === undefined) return message || (errors?.[0]?.message ?? code ?? 'unknown');
  return OF_DATA.test(state) ? `it refuses the data (${state})` : `${message} (${state})`;
}

function isOfConnection(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return SYSTEM.test(code);
  return typeof message === 'string' && /terminated|timeout|ended|not queryable/i.test(message);
}
