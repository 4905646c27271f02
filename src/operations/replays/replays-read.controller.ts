import { Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';

import { Store } from '../../store/store.js';
import { notFound } from '../api/errors.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { decodeCursor, PageQuery, PageResponse, PositionPipe, type Page } from '../api/paging.js';
import { pageOfReplays, replayOf } from '../queries/replays.js';
import { toPage } from '../queries/slice.js';
import { ReplayDto } from './replays-read.dto.js';

/** How far replays are. */
@OperatorApi('replays', 'Replays')
export class ReplaysReadController {
  constructor(private readonly store: Store) {}

  @Get()
  @ApiOperation({ operationId: 'listReplays', summary: 'Replays, the latest first' })
  @PageResponse(ReplayDto, 'A page of replays.')
  @Refused(400, 'A parameter is not known or not valid.')
  async list(@Query() { limit, cursor }: PageQuery): Promise<Page<ReplayDto>> {
    const [before] = decodeCursor(cursor, 1) ?? [];
    return toPage(await pageOfReplays(this.store, { limit, before }));
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getReplay', summary: 'How far a replay is' })
  @ApiResponse({ status: 200, description: 'The replay.', type: ReplayDto })
  @Refused(404, 'There is no replay of this id.')
  async show(@Param('id', PositionPipe) id: number): Promise<ReplayDto> {
    const replay = await replayOf(this.store, id);
    if (replay === undefined) throw notFound('There is no replay of this id.');
    return replay;
  }
}
