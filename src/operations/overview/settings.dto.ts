import { ApiProperty, ApiSchema } from '@nestjs/swagger';

import type { AccessRole } from '../../config/operations-config.js';

/** An environment variable, and what it is set to. */
@ApiSchema({ name: 'Setting', description: 'An environment variable, and what it is set to.' })
export class SettingDto {
  @ApiProperty({ type: String, example: 'PORT' })
  name!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What is in effect; null where there is nothing, and always for a secret.',
    example: '3000',
  })
  value!: string | null;

  @ApiProperty({ type: Boolean, example: false })
  secret!: boolean;

  @ApiProperty({ type: Boolean, description: 'Whether it was configured.', example: true })
  set!: boolean;

  @ApiProperty({ type: String, nullable: true, example: '3000' })
  default!: string | null;

  @ApiProperty({ type: String, example: 'Port to listen on; `0` picks a free one.' })
  meaning!: string;
}

/** The store. */
@ApiSchema({ name: 'StoreInfo', description: 'The store.' })
export class StoreInfoDto {
  @ApiProperty({ enum: ['sqlite', 'postgres'], example: 'sqlite' })
  kind!: 'sqlite' | 'postgres';

  @ApiProperty({ type: String, description: 'Without a password.', example: '/data/interactions.db' })
  location!: string;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Bytes on disk.', example: 104_857_600 })
  sizeBytes!: number | null;

  @ApiProperty({ type: 'integer', description: 'As `events.total` of the overview.', example: 1_204_711 })
  events!: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-06-13T22:04:05.678Z' })
  oldestEventAt!: string | null;
}

/** What the service is and how it was configured. */
@ApiSchema({ name: 'Settings', description: 'What the service is and how it was configured.' })
export class SettingsDto {
  @ApiProperty({ type: String, example: '1.0.0' })
  version!: string;

  @ApiProperty({ type: String, example: 'v24.21.0' })
  node!: string;

  @ApiProperty({ type: String, format: 'date-time', example: '2026-06-13T22:04:05.678Z' })
  startedAt!: string;

  @ApiProperty({ enum: ['operator', 'viewer'], description: "The caller's.", example: 'operator' })
  role!: AccessRole;

  @ApiProperty({ type: () => [SettingDto], description: 'Every variable; no value of a secret.' })
  configuration!: readonly SettingDto[];

  @ApiProperty({ type: () => StoreInfoDto })
  store!: StoreInfoDto;
}
