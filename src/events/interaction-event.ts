import type { Filterable } from '../store/filter.js';

/** Types of events that the vendor's page lists. */
export const EVENT_TYPES = ['STARTED', 'FINISHED'] as const;
/** Media types that the vendor's page lists. */
export const MEDIA_TYPES = ['chat', 'email'] as const;
/** Subtypes that the vendor's page lists. */
export const INTERACTION_SUBTYPES = [
  'InboundNew',
  'Outbound',
  'SMS',
  'WhatsApp',
  'FacebookPublic',
  'FacebookPrivate',
  'TwitterPublic',
  'TwitterPrivate',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];
export type MediaType = (typeof MEDIA_TYPES)[number];
export type InteractionSubtype = (typeof INTERACTION_SUBTYPES)[number];

/** A listed value, or with `UNKNOWN_VALUES=accept` any other one. */
export type OrUnlisted<T extends string> = T | (string & {});

/**
 * What happened to an interaction, as a listener gets it. Every field of the vendor's payload is optional,
 * so every one of them may be `undefined` here.
 */
export interface InteractionEvent extends Filterable {
  /** Position in the log: later events have larger numbers. */
  readonly seq: number;
  /** `STARTED`: created and submitted to a queue. `FINISHED`: stopped by the agent or the workflow. */
  readonly type: OrUnlisted<EventType> | undefined;
  readonly interactionId: string | undefined;
  readonly mediaType: OrUnlisted<MediaType> | undefined;
  readonly interactionSubtype: OrUnlisted<InteractionSubtype> | undefined;
  /** Where the interaction's data can be read; can be relative. */
  readonly selfUri: string | undefined;
  readonly operationId: string | undefined;
  /** The channel whose secret signed the event. */
  readonly channel: string;
  /** A STARTED that arrived after the FINISHED of its interaction: do not reopen anything. */
  readonly late: boolean;
  /** The trace of the request that brought the event. */
  readonly traceId: string | undefined;
  /** When it was received; the vendor sends no time of its own. */
  readonly receivedAt: Date;
}
