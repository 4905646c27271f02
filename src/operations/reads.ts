import { BodyAccess } from './api/body.js';
import { DeliveriesReadController } from './deliveries/deliveries-read.controller.js';
import { EventsController } from './events/events.controller.js';
import { ExportController } from './events/export.controller.js';
import { InteractionsController } from './interactions/interactions.controller.js';
import { ListenersReadController } from './listeners/listeners-read.controller.js';
import { ListenersView } from './listeners/listeners-read.service.js';
import { ListenerSampler } from './listeners/listeners-sampler.js';
import { OverviewController } from './overview/overview.controller.js';
import { OverviewService } from './overview/overview.service.js';
import { LogSize } from './queries/log-size.js';
import { QuarantineReadController } from './quarantine/quarantine-read.controller.js';
import { ReplaysReadController } from './replays/replays-read.controller.js';
import { SettingsController } from './overview/settings.controller.js';
import { EventCounter } from './stats/stats-counter.js';
import { StatsController } from './stats/stats.controller.js';
import { StatsService } from './stats/stats.service.js';
import { StreamController } from './stream/stream.controller.js';
import { StreamService } from './stream/stream.service.js';
import { LogTail } from './stream/stream-tail.js';

/** What operators are told. */
export const READ_CONTROLLERS = [
  OverviewController,
  EventsController,
  ExportController,
  InteractionsController,
  ListenersReadController,
  DeliveriesReadController,
  ReplaysReadController,
  QuarantineReadController,
  StatsController,
  StreamController,
  SettingsController,
];

/** What these controllers need. */
export const READ_PROVIDERS = [
  BodyAccess,
  EventCounter,
  ListenerSampler,
  ListenersView,
  LogSize,
  LogTail,
  OverviewService,
  StatsService,
  StreamService,
];
