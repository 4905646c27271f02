import { BodyAccess } from './body.js';
import { DeliveriesReadController } from './deliveries-read.controller.js';
import { EventsController } from './events.controller.js';
import { InteractionsController } from './interactions.controller.js';
import { ListenersReadController } from './listeners-read.controller.js';
import { ListenersView } from './listeners-read.service.js';
import { ListenerSampler } from './listeners-sampler.js';
import { QuarantineReadController } from './quarantine-read.controller.js';
import { ReplaysReadController } from './replays-read.controller.js';
import { EventCounter } from './stats-counter.js';

/** What operators are told, by the path of the question. */
export const READ_CONTROLLERS = [
  EventsController,
  InteractionsController,
  ListenersReadController,
  DeliveriesReadController,
  ReplaysReadController,
  QuarantineReadController,
];

/** What these controllers need. */
export const READ_PROVIDERS = [BodyAccess, EventCounter, ListenerSampler, ListenersView];
