import { createSecretKey, type KeyObject } from 'node:crypto';

import type { EnvironmentReader } from './app-config.js';

/** What somebody may do in the operators' API: everything, or read. */
export type AccessRole = 'operator' | 'viewer';

/** Where the operators' API is. The webhook must be elsewhere. */
export const API_PATH = '/api/v1';

/** How operators come in. */
export interface OperationsConfig {
  /** The token of each role that has one; with none, the operators' API is off. */
  readonly tokens: ReadonlyMap<AccessRole, KeyObject>;
  /** Whether viewers may read the bodies of webhooks. */
  readonly viewerBodies: boolean;
  /** `undefined`: the port of the webhook. */
  readonly port: number | undefined;
}

/** @param webhook its path, with the base path, and the port it is on. */
export function operationsConfig(
  reader: EnvironmentReader,
  webhook: { readonly path: string; readonly port: number },
): OperationsConfig {
  const operator = reader.optional('OPERATOR_TOKEN');
  const viewer = reader.optional('VIEWER_TOKEN');
  const port = reader.optional('OPERATIONS_PORT');
  if (operator !== undefined && operator === viewer) {
    reader.fault('VIEWER_TOKEN', 'is the same as OPERATOR_TOKEN; viewers would be operators');
  }
  if (port !== undefined && port !== 0 && port === webhook.port) {
    reader.fault('OPERATIONS_PORT', 'is the same as PORT; choose another, or leave it out to share PORT');
  }
  const tokens = new Map<AccessRole, KeyObject>();
  if (operator !== undefined) tokens.set('operator', createSecretKey(operator, 'utf8'));
  if (viewer !== undefined) tokens.set('viewer', createSecretKey(viewer, 'utf8'));
  if (tokens.size > 0 && `${webhook.path}/`.startsWith(`${API_PATH}/`)) {
    reader.fault('WEBHOOK_PATH', `is below ${API_PATH} with its base path, where the operators' API is`);
  }
  return { tokens, viewerBodies: reader.required('VIEWER_BODIES') === 'on', port };
}
