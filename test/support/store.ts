import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { eventKeys } from '../../src/store/keys.js';
import type { ReceiptDraft } from '../../src/store/records.js';
import { openStore } from '../../src/store/open.js';
import type { Store, StoreOptions } from '../../src/store/store.js';

/** A store on a file of its own. */
export class TestStore {
  private readonly opening: Promise<Store>[] = [];

  private constructor(readonly folder: string) {}

  static create(): TestStore {
    return new TestStore(mkdtempSync(join(tmpdir(), 'interactions-webhook-store-')));
  }

  get file(): string {
    return join(this.folder, 'interactions.db');
  }

  /** Opens the store; each call is a connection of its own. */
  open(options: Partial<StoreOptions> = {}): Promise<Store> {
    const store = openStore({ engine: 'sqlite', file: this.file }, { maxPending: 2_000, ...options });
    this.opening.push(store);
    return store;
  }

  /** Another process' view of the file. */
  connect(): Database.Database {
    return new Database(this.file);
  }

  /** Holds the write lock from another connection, as a slow disk or another process does. */
  lock(): () => void {
    const other = this.connect();
    other.exec('BEGIN IMMEDIATE');
    return () => {
      other.exec('ROLLBACK');
      other.close();
    };
  }

  async remove(): Promise<void> {
    for (const opened of await Promise.allSettled(this.opening)) {
      if (opened.status === 'fulfilled') await opened.value.close();
    }
    rmSync(this.folder, { recursive: true });
  }
}

/** A receipt of one event. */
export function receipt(interactionId: string, some: Partial<ReceiptDraft> = {}): ReceiptDraft {
  const channel = 'default';
  const body = Buffer.from(JSON.stringify({ interactionId }));
  const event = {
    channel,
    type: 'STARTED',
    position: 0,
    interactionId,
    operationId: `operation of ${interactionId}`,
    mediaType: 'chat',
    interactionSubtype: undefined,
    selfUri: undefined,
  };
  const events = [{ ...event, ...eventKeys(event, body) }];
  return { channel, body, traceId: undefined, secretIndex: 0, receivedAt: 1, events, ...some };
}

/** The interaction ids of every stored event, in the order of the log. */
export async function interactionIds(store: Store): Promise<(string | null)[]> {
  const rows = await store.query(store.builder.selectFrom('events').select('interaction_id').orderBy('seq'));
  return rows.map((row) => row.interaction_id);
}
