import { Logger, type LoggerService } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';

import { Complaints } from './complaints.js';

/** What is logged from now on. */
function logged(): string[] {
  const lines: string[] = [];
  const logger: Partial<LoggerService> = { warn: (message: string) => void lines.push(message) };
  Logger.overrideLogger(logger as LoggerService);
  return lines;
}

describe('complaints about the collector', () => {
  it('are made at once, then once a minute, with the number of those in between', () => {
    const lines = logged();
    let now = 0;
    const complaints = new Complaints(() => now);
    complaints.complain('down');
    now = 59_999;
    complaints.complain('still down');
    complaints.complain('still down');
    now = 60_000;
    complaints.complain('down for good');
    expect(lines).toEqual([
      'Traces get lost, and nothing else: down',
      'Traces get lost, and nothing else: down for good (2 more like it since the last such line)',
    ]);
  });

  it('are cut: a collector can answer with anything', () => {
    const lines = logged();
    new Complaints().complain('x'.repeat(10_000));
    expect(lines[0]?.length).toBeLessThan(400);
  });
});
