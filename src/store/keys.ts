import { hash } from 'node:crypto';

/** Characters of base64url kept of each SHA-256: 132 bits, and every event is looked up by two of them. */
const KEY_LENGTH = 22;

const key = (...parts: readonly (string | number | null)[]): string =>
  hash('sha256', JSON.stringify(parts), 'base64url').slice(0, KEY_LENGTH);

/** SHA-256 of some bytes, hex. */
export const digest = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

const digests = new WeakMap<Uint8Array, string>();

/** The {@link digest} of a body that thousands of events may share: made once for all of them. */
function bodyDigest(body: Uint8Array): string {
  let known = digests.get(body);
  if (known === undefined) digests.set(body, (known = digest(body)));
  return known;
}

/** What the keys of an event are made from. */
export interface KeySource {
  readonly channel: string;
  readonly operationId: string | undefined;
  readonly interactionId: string | undefined;
  readonly type: string | undefined;
  /** Index in `data.entities[]`. */
  readonly position: number;
}

/**
 * The idempotency key of an event, and the key of the interaction whose order it keeps. Hashed, because a
 * B-tree key has a greatest length and a vendor's id has none (contract, 5).
 *
 * An event without an interaction id is in order with nothing but itself.
 */
export function eventKeys(source: KeySource, body: Uint8Array): { dedupKey: string; interactionKey: string } {
  const { channel, operationId, interactionId, type } = source;
  const dedupKey =
    operationId !== undefined && interactionId !== undefined
      ? key('event', channel, operationId, interactionId, type ?? null)
      : key('body', channel, bodyDigest(body), source.position);
  return { dedupKey, interactionKey: interactionKey(channel, interactionId) ?? dedupKey };
}

/** The key of an interaction, by which its events and deliveries are found. */
export function interactionKey(channel: string, interactionId: string): string;
export function interactionKey(channel: string, interactionId: string | undefined): string | undefined;
export function interactionKey(channel: string, interactionId: string | undefined): string | undefined {
  return interactionId === undefined ? undefined : key('interaction', channel, interactionId);
}
