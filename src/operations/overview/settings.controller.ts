import { readFileSync } from 'node:fs';

import { Get } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';

import { AppConfig } from '../../config/app-config.js';
import { databaseName } from '../../config/database.js';
import { Store } from '../../store/store.js';
import { CalledBy, type Caller } from '../access/caller.js';
import { OperatorApi } from '../api/operator-api.decorator.js';
import { toTime } from '../queries/event-deliveries.js';
import { LogSize } from '../queries/log-size.js';
import { timeAt, wholeLog } from '../queries/seq-at.js';
import { storeSize } from '../queries/store-size.js';
import { SettingsDto, type StoreInfoDto } from './settings.dto.js';

/** What the service is and how it was configured. */
@OperatorApi('settings', 'Settings')
export class SettingsController {
  private readonly version = (
    JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
  ).version;
  private readonly startedAt = new Date(performance.timeOrigin).toISOString();

  constructor(
    private readonly config: AppConfig,
    private readonly store: Store,
    private readonly size: LogSize,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'getSettings', summary: 'What the service is and how it was configured' })
  @ApiResponse({ status: 200, description: 'The settings, without any secret.', type: SettingsDto })
  async show(@CalledBy() { role }: Caller): Promise<SettingsDto> {
    return {
      version: this.version,
      node: process.version,
      startedAt: this.startedAt,
      role,
      configuration: this.config.settings,
      store: await this.describeStore(),
    };
  }

  private async describeStore(): Promise<StoreInfoDto> {
    const { database } = this.config;
    const [events, sizeBytes, { from, to }] = await Promise.all([
      this.size.now(),
      storeSize(this.store, database),
      wholeLog(this.store),
    ]);
    const oldestEventAt = from === to ? null : toTime(await timeAt(this.store, from));
    return { kind: database.engine, location: databaseName(database), sizeBytes, events, oldestEventAt };
  }
}
