import { Get, Query, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiOperation, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Clock } from '../../events/clock.js';
import { CalledBy, type Caller } from '../access/caller.js';
import { badRequest } from '../api/errors.js';
import { EventDto } from '../events/events.dto.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { OverviewDto } from '../overview/overview.dto.js';
import { StreamConnection } from './stream-connection.js';
import { StreamAttemptDto, StreamQuery } from './stream.dto.js';
import { StreamService } from './stream.service.js';

const DESCRIPTION = `Server-Sent Events:

- \`event\`: an Event of the log, with its position as \`id\`. Whoever connects again with \`Last-Event-ID\` gets all that came after it, from the log, before what is new: nothing is left out.
- \`attempt\`: a StreamAttempt of a listener in this process, when it has ended. Of those that ended before, nothing is told.
- \`overview\`: an Overview, at once and then every 2 s.

Comments come in between to keep the connection open. A reader that does not read is cut off.`;

/** What happens, while it happens. */
@OperatorApi('stream', 'Stream')
export class StreamController {
  constructor(
    private readonly streams: StreamService,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'stream', summary: 'What happens, live', description: DESCRIPTION })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The `id` of the last event that was received: all after it comes first.',
    schema: { type: 'integer' },
  })
  @ApiExtraModels(EventDto, StreamAttemptDto, OverviewDto)
  @ApiResponse({
    status: 200,
    description: 'A stream without end.',
    content: {
      'text/event-stream': {
        schema: {
          description: 'The data of one event of the stream.',
          oneOf: [EventDto, StreamAttemptDto, OverviewDto].map((type) => ({ $ref: getSchemaPath(type) })),
        },
      },
    },
  })
  @Refused(400, 'A parameter is not known or not valid.')
  @Refused(503, 'As many streams are open as there can be, or the service stops.')
  open(
    @Query() { only, lastEventId }: StreamQuery,
    @CalledBy() { expiresAt }: Caller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    const after = lastEventOf(request) ?? lastEventId;
    this.streams.admit();
    if (request.method === 'HEAD') {
      void reply.send();
      return;
    }
    const lifetime = expiresAt && expiresAt.getTime() - this.clock.now();
    reply.hijack();
    const stream = new StreamConnection(reply.raw, reply.getHeaders(), lifetime);
    void this.streams.serve(stream, new Set(only), after);
  }
}

/** What a browser sends when it connects again; it knows more than the address, which stays as it was. */
function lastEventOf({ headers }: FastifyRequest): number | undefined {
  const id = headers['last-event-id'];
  if (id === undefined || id === '') return undefined;
  if (typeof id !== 'string' || !/^\d{1,15}$/.test(id)) {
    throw badRequest(['Last-Event-ID must be the id of an event']);
  }
  return Number(id);
}
