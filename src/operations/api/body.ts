import { isUtf8 } from 'node:buffer';

import { Injectable } from '@nestjs/common';

import { AppConfig } from '../../config/app-config.js';
import type { Caller } from '../access/caller.js';
import type { BodyDto } from '../events/events.dto.js';

/** Decides who may read the bodies of webhooks. */
@Injectable()
export class BodyAccess {
  constructor(private readonly config: AppConfig) {}

  visibleTo({ role }: Caller): boolean {
    return role === 'operator' || this.config.operations.viewerBodies;
  }
}

/** A received body as it is shown. */
export function toBody(bytes: Uint8Array, visible: boolean): BodyDto {
  if (!visible) return { body: null, bodyBase64: null, bodyHidden: true };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = isUtf8(buffer);
  return {
    body: text ? buffer.toString('utf8') : null,
    bodyBase64: text ? null : buffer.toString('base64'),
    bodyHidden: false,
  };
}
