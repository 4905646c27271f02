/** What a listener's author imports to test it, with any test runner. */
export { deliver, type DeliverOptions, type DeliveryOutcome } from './deliver.js';
export { interactionEvent, interactionPayload, type InteractionPayload } from './interaction-event.js';
export { TestClock } from './test-clock.js';
export {
  startTestService,
  type PostOptions,
  type SettledDelivery,
  type TestService,
  type TestServiceOptions,
  type WebhookAnswer,
} from './test-service.js';
