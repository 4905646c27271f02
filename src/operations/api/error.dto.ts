import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';

/** What went wrong, in short. */
@ApiSchema({ name: 'ErrorStatus', description: 'What went wrong, in short.' })
export class ErrorStatusDto {
  @ApiProperty({ type: 'integer', description: 'The HTTP status.', example: 404 })
  code!: number;

  @ApiProperty({ type: String, example: 'There is no replay of this id.' })
  message!: string;
}

/** Every answer that is not 2xx. */
@ApiSchema({ name: 'Error', description: 'The request was not carried out.' })
export class ErrorDto {
  @ApiProperty({ type: () => ErrorStatusDto })
  status!: ErrorStatusDto;

  @ApiPropertyOptional({
    type: [String],
    description: 'Each thing that is wrong with the request; for 400 alone.',
    example: ['limit must not be greater than 500'],
  })
  errors?: string[];
}
