/** `npm run bench`: what the service costs, next to programs that store nothing. See docs/benchmarks.md. */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { CONTESTANTS, CORES, PINNED } from './contestant.js';
import { describeLatency, measureLatency, type LatencyRound } from './latency.js';
import { faults, table } from './report.js';
import { runRound, type Round } from './round.js';

/** More than any contestant answers in a second, so that prepared requests do not run out. */
const REQUESTS_PER_SECOND = 50_000;
const MEMORY_GOAL_MIB = 200;
/** `f_type` of tmpfs in statfs(2). */
const TMPFS = 0x01021994;

const { values: flags } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    latency: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    connections: { type: 'string', default: '64' },
    events: { type: 'string', default: '500000' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const rounds = number('rounds', flags.rounds ?? (flags.smoke ? '1' : '5'));
const seconds = number('seconds', flags.seconds ?? (flags.smoke ? '1' : '10'));
const connections = number('connections', flags.connections);
/** Long enough for the compiler of every contestant to have done its work. */
const warmUpMs = flags.smoke ? 300 : 5_000;

/** Everything written goes here, and goes when the run ends, however it does. */
const folder = mkdtempSync(join(flags.dir, 'interactions-webhook-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

describeMachine();
const found = flags.memory ? await measureMemory() : flags.latency ? await latency() : await compare();
if (flags.smoke && !flags.memory && !flags.latency) found.push(...(await latency()));
for (const fault of found) console.error(fault);
process.exitCode = found.length === 0 ? 0 : 1;

/** Every contestant in turn, over and over, so that whatever else slows the machine hits all of them. */
async function compare(): Promise<string[]> {
  const { service, baseline, octokit } = CONTESTANTS;
  const requests = Math.ceil((warmUpMs / 1_000 + seconds) * REQUESTS_PER_SECOND);
  const loading = { connections, warmUpMs, measureMs: seconds * 1_000, requests };
  const results = new Map<string, Round[]>([service, baseline, octokit].map(({ name }) => [name, []]));
  const found: string[] = [];
  for (let i = 1; i <= rounds; i++) {
    for (const contestant of [service, baseline, octokit]) {
      const round = await runRound(contestant, loading, folder);
      results.get(contestant.name)?.push(round);
      found.push(...faults(contestant.name, round));
      console.log(`round ${i} of ${rounds}, ${contestant.name}: ${Math.round(round.perSecond)} requests/s`);
    }
  }
  const ofBaseline = results.get(baseline.name) ?? [];
  console.log(`\n${table(results, ofBaseline)}\n`);
  if (ofBaseline.some(({ coreBusy }) => coreBusy < 0.9)) {
    console.log('Note: the core of the baseline was not busy throughout, so its rate is not its limit.');
  }
  return found;
}

/** How long listeners wait for events at half of what the service can take, which is measured just before. */
async function latency(): Promise<string[]> {
  const results: LatencyRound[] = [];
  for (let i = 1; i <= rounds; i++) {
    const round = await measureLatency({ connections, warmUpMs, measureMs: seconds * 1_000 }, folder);
    results.push(round);
    console.log(`round ${i} of ${rounds}: ${describeLatency([round])}`);
  }
  if (rounds > 1) console.log(`\nmedian of ${rounds}: ${describeLatency(results)}`);
  return results.flatMap(({ found }) => found);
}

/** As many events as given through the service, as fast as it takes them. */
async function measureMemory(): Promise<string[]> {
  const requests = number('events', flags.events);
  const loading = { connections, warmUpMs: 0, measureMs: 24 * 60 * 60 * 1_000, requests };
  const round = await runRound(CONTESTANTS.service, loading, folder);
  const { rssMiB, peakMiB, acknowledged, delivery, elapsedMs, perSecond } = round;
  console.log(
    `events acknowledged   ${acknowledged} in ${(elapsedMs / 1_000).toFixed(1)} s (${perSecond.toFixed(0)}/s)`,
  );
  console.log(`events handed over    ${delivery?.handed}`);
  console.log(`RSS at the end        ${rssMiB.toFixed(0)} MiB (goal: ${MEMORY_GOAL_MIB} at the most)`);
  console.log(`RSS at its highest    ${peakMiB.toFixed(0)} MiB`);
  return faults(CONTESTANTS.service.name, round);
}

function describeMachine(): void {
  const pinning = PINNED
    ? `contestants on core ${CORES.contestant}, load generator on core ${CORES.load}`
    : 'NOT PINNED: taskset or a second core is missing, so the processes disturb each other';
  console.log(
    `Node ${process.version}, ${process.platform} ${release()}, ${cpus()[0]?.model} × ${availableParallelism()}`,
  );
  console.log(`${pinning}; ${connections} connections, keep-alive, closed loop`);
  console.log(`data in ${flags.dir}: write and fsync of 4 KiB take ${fsyncMs().toFixed(2)} ms (median)`);
  if (statfsSync(flags.dir).type === TMPFS) {
    console.log(
      'NOTE: that folder is in memory, where a commit costs nothing. Name one on a disk with --dir.',
    );
  }
  console.log('');
}

/** What a durable answer waits for at the least; it differs more between disks than anything else here. */
function fsyncMs(): number {
  const file = openSync(join(folder, 'fsync-probe'), 'w');
  const page = Buffer.alloc(4_096, 1);
  const times = Array.from({ length: 101 }, () => {
    const start = performance.now();
    writeSync(file, page);
    fsyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  return times.sort((a, b) => a - b)[50] ?? NaN;
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, and not ${text}.`);
  return value;
}
