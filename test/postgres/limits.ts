/**
 * What the service promises while its database fails, and the time that a machine with more processes than cores
 * may take besides: the vendor, the service and the server all run on it.
 */
const SLACK_MS = 5_000;
/** A database that comes is used by then. */
export const SERVES_WITHIN_MS = 5_000 + SLACK_MS;
/** While the database stands still, every request is answered by then: of little slack, for few connections. */
export const REFUSES_WITHIN_MS = 3_000 + 1_000;
/** A fault that ends has left no trace by then. */
export const RECOVERS_WITHIN_MS = 40_000;
/** Of a test with servers and processes that start. */
export const TEST_MS = 120_000;
