import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient } from '../api-client/api-client.js';
import type { Replay } from '../api-client/shapes.js';
import { startProgress } from '../send/progress.js';
import { onInterrupt } from '../terminal/interrupt.js';

const POLL_MS = 500;
/** Of the bar: a replay tells how far in the log it is. */
const STEPS = 1_000;

/** Waits for the end of a replay, with a bar on a terminal. Ctrl-C ends the waiting, not the replay. */
export async function watchReplay(client: ApiClient, id: number): Promise<Replay> {
  const { signal, release } = onInterrupt();
  const progress = startProgress(STEPS, '{bar} {percentage}%');
  let shown = 0;
  try {
    for (;;) {
      const replay: Replay = await client.get(`/replays/${id}`);
      const reached = Math.floor(replay.progress * STEPS);
      progress.advance(reached - shown);
      shown = reached;
      if (replay.state !== 'running' || signal.aborted) return replay;
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    progress.stop();
    release();
  }
}
