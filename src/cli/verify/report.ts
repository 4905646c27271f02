import { paint } from '../terminal/style.js';
import { jsonLine, printable } from '../terminal/printable.js';
import type { Diagnosis } from './diagnose.js';
import type { Finding } from './finding.js';

/** What `verify` found out, as `--json` prints it. */
export interface Verdict {
  readonly valid: boolean;
  /** Whether the service would take the request: `valid`, and nothing in `refusals`. */
  readonly accepted: boolean;
  readonly channel: string;
  /** Where the secret is from that the signature was made with; null where that is not known. */
  readonly secret: string | null;
  readonly proved: boolean;
  readonly causes: readonly Finding[];
  readonly refusals: readonly Finding[];
  readonly remarks: readonly Finding[];
  readonly bodyBytes: number;
}

export function verdictOf(
  diagnosis: Diagnosis,
  channel: string,
  refusals: readonly Finding[],
  bodyBytes: number,
): Verdict {
  const { valid, secret, proved, causes, remarks } = diagnosis;
  const accepted = valid && refusals.length === 0;
  return {
    valid,
    accepted,
    channel,
    secret: secret?.from ?? null,
    proved,
    causes,
    refusals,
    remarks,
    bodyBytes,
  };
}

/** Prints a verdict for programs, or for people. */
export function printVerdict(verdict: Verdict, json: boolean): void {
  console.log(json ? jsonLine(verdict) : describe(verdict).join('\n'));
}

function describe(verdict: Verdict): string[] {
  const { valid, channel, secret, proved, causes, refusals, remarks, bodyBytes } = verdict;
  const over = `over ${bodyBytes} bytes of body, for the channel "${printable(channel)}"`;
  if (valid) {
    return [
      `${paint('green', '✔')} The signature is right: it was made with ${secret ?? ''}, ${over}.`,
      ...listed('The service would refuse the request all the same:', refusals),
      ...listed('Note:', remarks),
    ];
  }
  return [
    `${paint('red', '✖')} The signature is wrong, ${over}.`,
    ...listed(proved ? 'Why (proved by trying):' : 'Most likely:', causes),
    ...(proved && secret !== null ? ['', `With that set right, the secret matches: ${secret}.`] : []),
    ...listed('The service would refuse the request for this too:', refusals),
    ...listed('Note:', remarks),
  ];
}

function listed(heading: string, findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  return [
    '',
    paint('bold', heading),
    ...findings.flatMap(({ what, todo }) => [
      `  - ${printable(what)}`,
      ...(todo === undefined ? [] : [`    ${printable(todo)}`]),
    ]),
  ];
}
