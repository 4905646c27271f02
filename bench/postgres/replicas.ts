import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

import { replicaOn, RunningContestant, SECRET } from '../contestant.js';
import { runLoad } from '../round.js';
import type { BenchServer } from './server.js';

/** How long the listeners may be handed nothing before what they lack counts as lost. */
const STALL_LIMIT_MS = 15_000;
const POLL_MS = 20;

/** What replicas did together. */
export interface Measured {
  readonly eventsPerSecond: number;
  /** CPU time by event: of all replicas, and of the database. */
  readonly serviceMicros: number;
  readonly databaseMicros: number;
  /** What must not be, each a sentence. */
  readonly faults: readonly string[];
}

/** Replicas of the service on one database, and what they and the server have used. */
export class Replicas {
  private constructor(
    private readonly running: readonly RunningContestant[],
    private readonly server: BenchServer,
  ) {}

  static async start(count: number, url: string, folder: string, server: BenchServer): Promise<Replicas> {
    const running: RunningContestant[] = [];
    for (let i = 0; i < count; i++) {
      running.push(await RunningContestant.start(replicaOn(url), mkdtempSync(join(folder, 'replica-'))));
    }
    return new Replicas(running, server);
  }

  /** Sends events to all of them for a while, in a closed loop, and waits until each was handed to a listener. */
  async ingest(connections: number, seconds: number, requests: number): Promise<Measured> {
    const handedBefore = await this.handed();
    const before = this.cpu();
    const share = Math.ceil(connections / this.running.length);
    const loads = await Promise.all(
      this.running.map(({ port }) => {
        const clock = { warmUpMs: 0, measureMs: seconds * 1_000, requests };
        const options = { ...clock, port, secret: SECRET, scheme: 'hub', connections: share } as const;
        return runLoad(options, () => undefined);
      }),
    );
    const acknowledged = sum(loads, (load) => load.acknowledged);
    const handed = (await this.awaitHanded(handedBefore + acknowledged)) - handedBefore;
    const failures = sum(loads, (load) => load.failures);
    return {
      eventsPerSecond: sum(loads, ({ measured, elapsedMs }) => measured / (elapsedMs / 1_000)),
      ...this.micros(before, acknowledged),
      faults: [
        ...(failures > 0 ? [`${failures} requests were not answered 200.`] : []),
        ...(handed === acknowledged ? [] : [`${acknowledged} events acknowledged, ${handed} handed over.`]),
      ],
    };
  }

  /** Lets a backlog go, and waits until it has been handed to the listeners. */
  async drain(events: number, release: () => Promise<void>): Promise<Measured> {
    const [start, before] = [performance.now(), this.cpu()];
    await release();
    const handed = await this.awaitHanded(events);
    return {
      eventsPerSecond: handed / ((performance.now() - start) / 1_000),
      ...this.micros(before, handed),
      faults: handed === events ? [] : [`${events} events waited, ${handed} were handed over.`],
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.map((replica) => replica.stop()));
  }

  private async handed(): Promise<number> {
    return sum(await Promise.all(this.running.map((replica) => replica.handed())), (count) => count);
  }

  private async awaitHanded(wanted: number): Promise<number> {
    let [handed, seenAt] = [await this.handed(), performance.now()];
    while (handed < wanted && performance.now() - seenAt < STALL_LIMIT_MS) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const now = await this.handed();
      if (now > handed) [handed, seenAt] = [now, performance.now()];
    }
    return handed;
  }

  private cpu(): { service: number; database: number } {
    return { service: sum(this.running, (replica) => replica.cpuMs()), database: this.server.cpuMs() };
  }

  private micros(
    before: { service: number; database: number },
    events: number,
  ): Pick<Measured, 'serviceMicros' | 'databaseMicros'> {
    const { service, database } = this.cpu();
    return {
      serviceMicros: ((service - before.service) * 1_000) / events,
      databaseMicros: ((database - before.database) * 1_000) / events,
    };
  }
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
