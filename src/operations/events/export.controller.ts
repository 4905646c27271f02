import { Readable } from 'node:stream';

import { Get, Logger, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Store } from '../../store/store.js';
import { EventSearchQuery, toEventSearch } from './events.controller.js';
import type { EventSummaryDto } from './events.dto.js';
import { CSV_HEAD, toCsv, toNdjson } from './export-formats.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { scanEvents } from '../queries/events.js';

/** Events that are in memory at once. */
const PAGE = 250;

/** The log as a file, in its order. A page of it is in memory at a time, read when the one before was taken. */
@OperatorApi('', 'Events')
export class ExportController {
  private readonly logger = new Logger(ExportController.name);

  constructor(private readonly store: Store) {}

  @Get('events.ndjson')
  @ApiOperation({
    operationId: 'exportEventsAsNdjson',
    summary: 'Events as NDJSON, in the order of the log',
    description: 'One EventSummary a line. An answer that is cut off in the middle was not complete.',
  })
  @ApiResponse({
    status: 200,
    description: 'Every event up to now that matches.',
    content: { 'application/x-ndjson': { schema: { type: 'string' } } },
  })
  @Refused(400, 'A parameter is not known or not valid.')
  ndjson(@Query() query: EventSearchQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.send(request, reply, this.texts(query, '', toNdjson), 'application/x-ndjson', 'events.ndjson');
  }

  @Get('events.csv')
  @ApiOperation({
    operationId: 'exportEventsAsCsv',
    summary: 'Events as CSV, in the order of the log',
    description:
      'With a line of names. A value that a spreadsheet would take for a formula has an apostrophe before it.',
  })
  @ApiResponse({
    status: 200,
    description: 'Every event up to now that matches.',
    content: { 'text/csv': { schema: { type: 'string' } } },
  })
  @Refused(400, 'A parameter is not known or not valid.')
  csv(@Query() query: EventSearchQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.send(request, reply, this.texts(query, CSV_HEAD, toCsv), 'text/csv; charset=utf-8', 'events.csv');
  }

  private async *texts(
    query: EventSearchQuery,
    head: string,
    toText: (event: EventSummaryDto) => string,
  ): AsyncGenerator<string> {
    if (head !== '') yield head;
    for await (const events of scanEvents(this.store, toEventSearch(query), PAGE)) {
      if (events.length > 0) yield events.map(toText).join('');
    }
  }

  private send(
    request: FastifyRequest,
    reply: FastifyReply,
    texts: AsyncGenerator<string>,
    type: string,
    file: string,
  ): void {
    void reply.type(type).header('content-disposition', `attachment; filename="${file}"`);
    if (request.method === 'HEAD') {
      void reply.send();
      return;
    }
    const content = Readable.from(texts, { highWaterMark: 1 });
    content.once('error', (error) => this.logger.warn(`An export ended early: ${error.message}`));
    void reply.send(content);
  }
}
