import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

import { Inject, Injectable } from '@nestjs/common';

import { interactionKey } from '../../store/keys.js';
import { Store } from '../../store/store.js';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** A stored transcript. */
export interface Transcript {
  /** The FINISHED event that it was fetched for. */
  readonly seq: number;
  /** Where it came from. */
  readonly uri: string;
  readonly fetchedAt: Date;
  /** The parsed JSON, in the vendor's shape. */
  readonly content: unknown;
}

/** A transcript to be stored. */
export interface TranscriptDraft {
  readonly seq: number;
  readonly interactionId: string;
  readonly channel: string;
  readonly uri: string;
  /** JSON, as it came. */
  readonly json: Buffer;
  readonly fetchedAt: number;
}

/** Keeps what the listener `transcript` fetched, and reads it. */
@Injectable()
export class TranscriptService {
  constructor(@Inject(Store) private readonly store: Store) {}

  /** The transcript of an interaction, of its latest FINISHED, or `undefined` where none is stored. */
  async find(interactionId: string, channel = 'default'): Promise<Transcript | undefined> {
    const [row] = await this.store.query(
      this.store.builder
        .selectFrom('transcripts')
        .selectAll()
        .where('interaction_key', '=', interactionKey(channel, interactionId))
        .orderBy('seq', 'desc')
        .limit(1),
    );
    if (row === undefined) return undefined;
    const json = await decompress(row.body, { maxOutputLength: row.size });
    return {
      seq: row.seq,
      uri: row.uri,
      fetchedAt: new Date(row.fetched_at),
      content: JSON.parse(json.toString()) as unknown,
    };
  }

  /** Stores a transcript; one of the same event is replaced. */
  async save({ seq, interactionId, channel, uri, json, fetchedAt }: TranscriptDraft): Promise<void> {
    const body = await compress(json);
    const fetched = { uri, body, size: json.length, fetched_at: fetchedAt };
    await this.store.query(
      this.store.builder
        .insertInto('transcripts')
        .values({ seq, interaction_key: interactionKey(channel, interactionId), ...fetched })
        .onConflict((conflict) => conflict.column('seq').doUpdateSet(fetched)),
    );
  }
}
