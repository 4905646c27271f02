/** What a listener's author and an embedding application import. */
export { AppConfig, ConfigError, type Environment, type Role } from './config/app-config.js';
export { createApp } from './app.js';
export { PermanentError, RetryLaterError, type Delivery } from './events/delivery.js';
export {
  DeliveryService,
  UnknownListenerError,
  type DeliverySelection,
  type ReplayProgress,
} from './events/delivery.service.js';
export type { AttemptReport } from './events/dispatcher.js';
export { EventService, type EventFields, type ReceivedPayload } from './events/event.service.js';
export type {
  EventType,
  InteractionEvent,
  InteractionSubtype,
  MediaType,
  OrUnlisted,
} from './events/interaction-event.js';
export {
  OnInteraction,
  type InteractionFilter,
  type InteractionHandler,
  type ListenerOptions,
} from './events/on-interaction.decorator.js';
export {
  InteractionsService,
  type Interaction,
  type InteractionSelection,
} from './listeners/interactions/interactions.service.js';
export { TranscriptService, type Transcript } from './listeners/transcript/transcript.service.js';
export {
  QuarantineService,
  type QuarantinedPayload,
  type Reprocessed,
} from './webhook/quarantine.service.js';
export { keepRawBody } from './webhook/raw-body.js';
export { sign } from './webhook/signature.js';
export { WebhookModule } from './webhook/webhook.module.js';
