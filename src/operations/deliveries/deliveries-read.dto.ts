import { ApiProperty, ApiSchema } from '@nestjs/swagger';

import { DeliveryStateDto, EventDto } from '../events/events.dto.js';

/** A delivery with its event. */
@ApiSchema({ name: 'DeliveryItem', description: 'A delivery with its event.' })
export class DeliveryItemDto extends DeliveryStateDto {
  @ApiProperty({ type: 'integer', description: 'Position of the event in the log.', example: 4711 })
  seq!: number;

  @ApiProperty({ type: () => EventDto })
  event!: EventDto;
}

/** Deliveries of a listener that failed alike. */
@ApiSchema({ name: 'DeliveryGroup', description: 'Dead deliveries of a listener that failed alike.' })
export class DeliveryGroupDto {
  @ApiProperty({ type: String, example: 'crm-close-case' })
  listener!: string;

  @ApiProperty({
    type: String,
    description: 'The first line of the error.',
    example: 'Error: connect ECONNREFUSED 10.0.0.7:443',
  })
  error!: string;

  @ApiProperty({ type: 'integer', example: 37 })
  count!: number;

  @ApiProperty({ type: 'integer', description: 'The earliest of them.', example: 4711 })
  firstSeq!: number;

  @ApiProperty({ type: 'integer', description: 'The latest of them.', example: 5120 })
  lastSeq!: number;
}

/** Every group, the largest first. */
@ApiSchema({ name: 'DeliveryGroups', description: 'Dead deliveries by listener and error.' })
export class DeliveryGroupsDto {
  @ApiProperty({ type: () => [DeliveryGroupDto], description: 'The largest first, at most 500.' })
  items!: DeliveryGroupDto[];

  @ApiProperty({
    type: Boolean,
    description: 'Whether all dead deliveries are counted; else the latest 100,000 of each listener are.',
    example: true,
  })
  complete!: boolean;
}
