import { BodyAccess } from './body.js';
import { DeliveriesReadController } from './deliveries-read.controller.js';
import { EventsController } from './events.controller.js';
import { ExportController } from './export.controller.js';
import { InteractionsController } from './interactions.controller.js';
import { ListenersReadController } from './listeners-read.controller.js';
import { ListenersView } from './listeners-read.service.js';
import { ListenerSampler } from './listeners-sampler.js';
import { OverviewController } from './overview.controller.js';
import { OverviewService } from './overview.service.js';
import { LogSize } from './queries/log-size.js';
import { QuarantineReadController } from './quarantine-read.controller.js';
import { ReplaysReadController } from './replays-read.controller.js';
import { SettingsController } from './settings.controller.js';
import { EventCounter } from './stats-counter.js';
import { StatsController } from './stats.controller.js';
import { StatsService } from './stats.service.js';
import { StreamController } from './stream.controller.js';
import { StreamService } from './stream.service.js';
import { LogTail } from './stream-tail.js';

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
