/** What the operations are listed under in the OpenAPI document, in this order. */
export const TAGS = {
  Access: 'Signing in, for browsers.',
  Overview: 'How things are now.',
  Events: 'The log: every event that was ever stored.',
  Interactions: 'What is known of an interaction, and its timeline.',
  Listeners: 'Who is handed events, and how far they are.',
  Deliveries: 'Events for listeners: dead letters above all.',
  Replays: 'Stored events that are delivered again.',
  Quarantine: 'Authentic payloads that could not be accepted.',
  Stream: 'What happens, as it happens.',
  Settings: 'What the service is set to.',
  Audit: 'What operators did.',
} as const;

/** A name of {@link TAGS}. */
export type Tag = keyof typeof TAGS;
