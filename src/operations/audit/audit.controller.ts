import { Get, Query } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiSchema } from '@nestjs/swagger';

import type { AccessRole } from '../../config/operations-config.js';
import { Store } from '../../store/store.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { decodeCursor, pageOf, PageQuery, PageResponse, type Page } from '../api/paging.js';

/** What an operator did. */
@ApiSchema({ name: 'AuditEntry', description: 'What an operator did.' })
export class AuditEntryDto {
  @ApiProperty({ type: 'integer', example: 7 })
  id!: number;

  @ApiProperty({ type: String, format: 'date-time', example: '2026-06-13T22:04:05.678Z' })
  at!: string;

  @ApiProperty({ enum: ['operator', 'viewer'], example: 'operator' })
  role!: AccessRole;

  @ApiProperty({ type: String, description: '`X-Requested-By` of the request.', example: 'cli:alice' })
  requestedBy!: string;

  @ApiProperty({ type: String, description: 'Where the request came from.', example: '192.0.2.7' })
  address!: string;

  @ApiProperty({ type: String, example: 'deliveries.retry' })
  action!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'What it was done to, in the words of the request.',
    example: { filter: { listener: 'crm-close-case' } },
  })
  target!: object;

  @ApiProperty({ type: 'integer', description: 'How many it changed.', example: 12 })
  count!: number;
}

/** What operators did: one entry for each request that wrote. Nothing is ever changed or removed here. */
@OperatorApi('audit', 'Audit')
export class AuditController {
  constructor(private readonly store: Store) {}

  @Get()
  @ApiOperation({ operationId: 'listAudit', summary: 'What operators did, the latest first' })
  @PageResponse(AuditEntryDto, 'A page of the audit log.')
  @Refused(400, 'A parameter is not known or not valid.')
  async list(@Query() { limit, cursor }: PageQuery): Promise<Page<AuditEntryDto>> {
    const [before] = decodeCursor(cursor, 1) ?? [];
    const all = this.store.builder.selectFrom('audit_log').selectAll().orderBy('id', 'desc');
    const query = before === undefined ? all : all.where('id', '<', before);
    const rows = await this.store.read(query.limit(limit + 1));
    const entries = rows.map(({ at, requested_by: requestedBy, target, ...entry }) => ({
      ...entry,
      at: new Date(at).toISOString(),
      requestedBy,
      target: JSON.parse(target) as object,
    }));
    return pageOf(entries, limit, ({ id }) => [id]);
  }
}
