/** More requests wait for the disk than `MAX_PENDING` allows. Nothing was stored: try again later. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
  constructor() {
    super('Too many requests wait for the store.');
  }
}

/** The store cannot take writes now (disk full, file gone, locked): nothing was stored. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  constructor(reason: string, options?: ErrorOptions) {
    super(`The store is unavailable: ${reason}.`, options);
  }
}

/** The store cannot be opened at all; the message says what to do. */
export class StoreOpenError extends Error {
  override readonly name = 'StoreOpenError';
}
