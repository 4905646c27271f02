import { printableLines } from '../terminal/printable.js';
import type { Outcome } from './sender.js';
import { round, type Summary } from './tally.js';

/** What the user gets to see: results go to stdout, everything else to stderr. */
export interface Report {
  outcome(outcome: Outcome): void;
  summary(summary: Summary): void;
}

/** For people. */
export const textReport: Report = {
  outcome(outcome) {
    if ('code' in outcome) {
      console.error(outcome.message);
      return;
    }
    console.log(`${outcome.status} ${printableLines(outcome.reason)} in ${round(outcome.ms)} ms`);
    if (outcome.body !== '') console.log(printableLines(outcome.body));
  },
  summary(summary) {
    console.log(describe(summary).join('\n'));
  },
};

/** For programs: one JSON document a line. */
export const jsonReport: Report = {
  outcome(outcome) {
    if ('code' in outcome) console.log(JSON.stringify({ error: outcome }));
    else
      console.log(
        JSON.stringify({ status: outcome.status, ms: round(outcome.ms), body: parsed(outcome.body) }),
      );
  },
  summary(summary) {
    console.log(JSON.stringify(summary));
  },
};

function describe({
  sent,
  planned,
  statuses,
  unanswered,
  ms,
  seconds,
  perSecond,
  interrupted,
}: Summary): string[] {
  const total = sent === planned ? String(sent) : `${sent} of ${planned}`;
  return [
    `${interrupted ? 'Interrupted: sent' : 'Sent'} ${total} in ${seconds} s, ${perSecond} answers per second`,
    ...Object.entries(statuses).map(([status, times]) => `  ${status}: ${times}`),
    ...Object.entries(unanswered).map(([code, times]) => `  no answer (${code}): ${times}`),
    ...(ms === undefined ? [] : [`Time to an answer: p50 ${ms.p50} ms, p95 ${ms.p95} ms, p99 ${ms.p99} ms`]),
  ];
}

/** The body as JSON where it is JSON, else as text. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
