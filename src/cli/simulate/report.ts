import { printable } from '../terminal/printable.js';
import { duration } from '../terminal/duration.js';
import type { Summary } from '../send/tally.js';
import type { Comparison } from './check.js';

/** What a simulation did, as `--json` prints it. */
export interface SimulationResult {
  /** The same seed and options send the same again. */
  readonly seed: number;
  /** On the simulated clock, and on a real one. */
  readonly simulatedSeconds: number;
  readonly seconds: number;
  readonly interrupted: boolean;
  readonly interactions: { readonly started: number; readonly finished: number; readonly reordered: number };
  readonly events: { readonly sent: number; readonly acknowledged: number };
  /** Requests with new events; `waiting` ones had not been acknowledged when it was interrupted. */
  readonly requests: {
    readonly sent: number;
    readonly batches: number;
    readonly acknowledged: number;
    readonly givenUp: number;
    readonly redeliveries: number;
    readonly waiting: number;
  };
  readonly duplicates: { readonly sent: number; readonly acknowledged: number };
  readonly forged: { readonly sent: number; readonly refused: number; readonly accepted: number };
  readonly answers: Pick<Summary, 'statuses' | 'unanswered' | 'ms'>;
  /** Only with `--check`. */
  readonly check?: Comparison;
}

/** Whether everything is as it has to be. */
export function isAsExpected({ interrupted, requests, forged, check }: SimulationResult): boolean {
  const clean = check === undefined || check.lost + check.duplicated + check.unexpected === 0;
  return !interrupted && requests.givenUp === 0 && forged.accepted === 0 && clean;
}

/** The result for people. */
export function describeResult(result: SimulationResult): string {
  const { interactions, events, requests, duplicates, forged, answers, check } = result;
  const simulated = duration(result.simulatedSeconds * 1_000);
  const rows: [string, string][] = [
    [
      'Interactions',
      `${interactions.started} started, ${interactions.finished} finished${also(interactions.reordered, 'FINISHED first')}`,
    ],
    ['Events', `${events.sent} sent, ${events.acknowledged} acknowledged`],
    [
      'Requests',
      `${requests.sent} sent, ${requests.acknowledged} acknowledged${also(requests.batches, 'with several events')}${also(requests.givenUp, 'given up')}${also(requests.waiting, 'waiting when it ended')}`,
    ],
    ['Redeliveries', `${requests.redeliveries}`],
    ['Duplicates', `${duplicates.sent} sent, ${duplicates.acknowledged} acknowledged`],
    [
      'Wrong signatures',
      `${forged.sent} sent, ${forged.refused} refused${also(forged.accepted, 'ACCEPTED')}`,
    ],
    ['Answers', describeAnswers(answers)],
    ...(answers.ms === undefined
      ? []
      : ([
          [
            'Time to an answer',
            `p50 ${answers.ms.p50} ms, p95 ${answers.ms.p95} ms, p99 ${answers.ms.p99} ms`,
          ],
        ] as [string, string][])),
    ...(check === undefined ? [] : ([['Check', describeCheck(check)]] as [string, string][])),
  ];
  return [
    `${result.interrupted ? 'Interrupted: simulated' : 'Simulated'} ${simulated} in ${duration(result.seconds * 1_000)}, seed ${result.seed}`,
    ...rows.map(([title, text]) => `  ${title.padEnd(17)}  ${text}`),
    ...(check?.examples ?? []).map(
      ({ fault, type, interactionId, channel, reason }) =>
        `  ${fault}: ${printable(`${type ?? 'an event'} of ${interactionId ?? 'no interaction'}, channel ${channel}`)}: ${reason}`,
    ),
  ].join('\n');
}

function also(count: number, what: string): string {
  return count === 0 ? '' : `, ${count} ${what}`;
}

function describeAnswers({ statuses, unanswered }: SimulationResult['answers']): string {
  const all = [
    ...Object.entries(statuses).map(([status, times]) => `${times} × ${status}`),
    ...Object.entries(unanswered).map(([code, times]) => `${times} × none (${code})`),
  ];
  return all.join(', ') || 'none';
}

function describeCheck({ acknowledged, stored, lost, duplicated, unexpected }: Comparison): string {
  return `${acknowledged} acknowledged, ${stored} stored: lost ${lost}, duplicated ${duplicated}, unexpected ${unexpected}`;
}
