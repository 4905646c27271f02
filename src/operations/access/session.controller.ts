import { Body, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { AccessRole } from '../../config/operations-config.js';
import { OperatorApi, Refused } from '../api/operator-api.decorator.js';
import { Access } from './access.js';
import { CalledBy, type Caller } from './caller.js';

/** A token to sign in with. */
export class SignInDto {
  @ApiProperty({
    type: String,
    description: 'The operator or the viewer token.',
    example: 'a-token-of-yours',
  })
  @IsString()
  @MaxLength(4_096)
  token!: string;
}

/** Who the caller is. */
export class SessionDto {
  @ApiProperty({ enum: ['operator', 'viewer'], description: 'What the caller may do: everything, or read.' })
  role!: AccessRole;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the session ends; null for a token.',
  })
  expiresAt!: string | null;
}

/** Signing in, for browsers: whoever can keep a token sends it with each request instead. */
@OperatorApi('session', 'Access')
export class SessionController {
  constructor(private readonly access: Access) {}

  @Post()
  @HttpCode(204)
  @ApiOperation({
    operationId: 'signIn',
    summary: 'Sign in',
    description: 'Gives the session cookie `iw_session`, good for 12 hours. Needs `X-Requested-By`.',
  })
  @ApiResponse({ status: 204, description: 'Signed in.' })
  @Refused(403, '`X-Requested-By` is missing.')
  signIn(
    @Body() { token }: SignInDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): void {
    void reply.header('set-cookie', this.access.signIn(request, token));
  }

  @Get()
  @ApiOperation({ operationId: 'getSession', summary: 'Who am I?' })
  @ApiResponse({ status: 200, description: 'The caller.', type: SessionDto })
  show(@CalledBy() { role, expiresAt }: Caller): SessionDto {
    return { role, expiresAt: expiresAt?.toISOString() ?? null };
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({
    operationId: 'signOut',
    summary: 'Sign out',
    description: 'Makes the browser forget the session. Needs `X-Requested-By`.',
  })
  @ApiResponse({ status: 204, description: 'Signed out.' })
  @Refused(403, '`X-Requested-By` is missing.')
  signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): void {
    void reply.header('set-cookie', this.access.signOut(request));
  }
}
