import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

import type { EventType } from '../../events/interaction-event.js';
import { UsageError } from '../failure.js';

/** What is sent in one round, in this order: one body, or the two of a pair. Called once for each round. */
export type BodySource = () => readonly Buffer[];

/** What generated interactions are. */
export interface InteractionOptions {
  readonly mediaType: string;
  readonly subtype: string;
}

/** The sample of the vendor's page, as its curl command has it: one event without any field. */
const SAMPLE = `{
  "operationId": "f6c49d91-926b-4473-b2f3-8d8fd295c968",
  "data": {
    "entities": [
      {
      }
    ]
  }
}`;

/** The sample of the vendor's page, the same every time. */
export function sampleBody(): BodySource {
  const body = Buffer.from(SAMPLE);
  return () => [body];
}

/** A new interaction each round: the page's sample with its fields filled in. */
export function startedBody(options: InteractionOptions): BodySource {
  return () => [eventBody('STARTED', randomUUID(), options)];
}

/** A new interaction each round, started and then finished. */
export function pairBodies(options: InteractionOptions): BodySource {
  return () => {
    const id = randomUUID();
    return [eventBody('STARTED', id, options), eventBody('FINISHED', id, options)];
  };
}

/**
 * The bytes of a file, or of the standard input where the path is `-`.
 *
 * @throws UsageError when they cannot be read.
 */
export async function fileBody(path: string): Promise<BodySource> {
  const body = await readBytes(path);
  return () => [body];
}

function eventBody(event: EventType, id: string, { mediaType, subtype }: InteractionOptions): Buffer {
  const entity = { id, mediaType, interactionSubtype: subtype, ...selfUri(mediaType, id) };
  return Buffer.from(JSON.stringify({ operationId: randomUUID(), data: { entities: [{ event, entity }] } }));
}

/** The page shows this address for chats alone. */
function selfUri(mediaType: string, id: string): { selfUri?: string } {
  return mediaType === 'chat' ? { selfUri: `NexusURL/nexus/v3/chat/sessions/${randomUUID()}/${id}` } : {};
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await (path === '-' ? buffer(process.stdin) : readFile(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`--file ${path} cannot be read (${code ?? message}).`);
  }
}
