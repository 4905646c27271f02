import { describe, expect, it } from '@jest/globals';
import { InvalidArgumentError } from 'commander';

import { between, percent, timeOfDay, timeSpan, wholeBetween } from './parse.js';

describe('an option', () => {
  it.each<[string, (text: string) => number, string, number]>([
    ['timeSpan', timeSpan, '90s', 90_000],
    ['timeSpan', timeSpan, '10m', 600_000],
    ['timeSpan', timeSpan, '1.5h', 5_400_000],
    ['timeSpan', timeSpan, '2d', 172_800_000],
    ['timeOfDay', timeOfDay, '00:00', 0],
    ['timeOfDay', timeOfDay, '09:30', 34_200_000],
    ['timeOfDay', timeOfDay, '23:59', 86_340_000],
    ['percent', percent, '0', 0],
    ['percent', percent, '2', 0.02],
    ['percent', percent, '0.5%', 0.005],
    ['percent', percent, '100%', 1],
    ['between', between(0.1, 5), '0.1', 0.1],
    ['between', between(0.1, 5), '5', 5],
    ['wholeBetween', wholeBetween(1, 10), '10', 10],
  ])('%s reads what it should (%#)', (_, parse, text, value) => {
    expect(parse(text)).toBeCloseTo(value, 10);
  });

  it.each<[string, (text: string) => number, readonly string[]]>([
    ['timeSpan', timeSpan, ['', '10', '0s', '-1s', '10w', '1h30m', '400d', 'm']],
    ['timeOfDay', timeOfDay, ['', '24:00', '9:30', '09:60', '09', '09:30:00']],
    ['percent', percent, ['', '-1', '101', '%', 'two']],
    ['between', between(0.1, 5), ['', '0', '5.1', '1e1', 'Infinity', ' 1']],
    ['wholeBetween', wholeBetween(1, 10), ['', '0', '11', '1.5', '0x1']],
  ])('%s refuses everything else', (_, parse, texts) => {
    for (const text of texts) expect(() => parse(text)).toThrow(InvalidArgumentError);
  });
});
