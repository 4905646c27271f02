import { pipeline, Readable } from 'node:stream';

import { Get, Logger, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { stringify } from 'csv-stringify';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Store } from '../store/store.js';
import { EventSearchQuery, toEventSearch } from './events.controller.js';
import type { EventSummaryDto } from './events.dto.js';
import { OperatorApi, Refused } from './operator-api.decorator.js';
import { scanEvents } from './queries/events.js';

/** Events that are in memory at once. */
const PAGE = 500;

const CSV_COLUMNS = {
  seq: 'seq',
  type: 'type',
  interactionId: 'interactionId',
  mediaType: 'mediaType',
  interactionSubtype: 'interactionSubtype',
  channel: 'channel',
  operationId: 'operationId',
  selfUri: 'selfUri',
  late: 'late',
  traceId: 'traceId',
  receivedAt: 'receivedAt',
  'deliveries.open': 'open',
  'deliveries.done': 'done',
  'deliveries.dead': 'dead',
  'deliveries.discarded': 'discarded',
} as const satisfies Record<string, string>;

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
    const lines = Readable.from(toLines(scanEvents(this.store, toEventSearch(query), PAGE)));
    this.send(request, reply, lines, 'application/x-ndjson', 'events.ndjson');
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
    const events = Readable.from(each(scanEvents(this.store, toEventSearch(query), PAGE)));
    const csv = stringify({
      header: true,
      columns: CSV_COLUMNS,
      record_delimiter: 'windows',
      escape_formulas: true,
      cast: { boolean: String },
    });
    // Ends the reading when the reader is gone, and the answer when the reading fails.
    pipeline(events, csv, () => undefined);
    this.send(request, reply, csv, 'text/csv; charset=utf-8', 'events.csv');
  }

  private send(
    request: FastifyRequest,
    reply: FastifyReply,
    content: Readable,
    type: string,
    file: string,
  ): void {
    void reply.type(type).header('content-disposition', `attachment; filename="${file}"`);
    if (request.method === 'HEAD') {
      content.destroy();
      void reply.send();
      return;
    }
    content.once('error', (error) => this.logger.warn(`An export ended early: ${error.message}`));
    void reply.send(content);
  }
}

async function* toLines(pages: AsyncIterable<readonly EventSummaryDto[]>): AsyncGenerator<string> {
  for await (const events of pages) {
    if (events.length > 0) yield events.map((event) => `${JSON.stringify(event)}\n`).join('');
  }
}

async function* each(pages: AsyncIterable<readonly EventSummaryDto[]>): AsyncGenerator<EventSummaryDto> {
  for await (const events of pages) yield* events;
}
