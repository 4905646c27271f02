import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { matches, type Filterable, type ListenerFilter } from './filter.js';

const EVENT: Filterable = {
  type: 'FINISHED',
  mediaType: 'chat',
  interactionSubtype: 'InboundNew',
  channel: 'default',
};

describe('a filter', () => {
  it.each<[string, ListenerFilter, boolean]>([
    ['that is empty', {}, true],
    ['of the type', { event: 'FINISHED' }, true],
    ['of another type', { event: 'STARTED' }, false],
    ['of several types', { event: ['STARTED', 'FINISHED'] }, true],
    ['of several other types', { event: ['STARTED', 'PAUSED'] }, false],
    ['of no type at all', { event: [] }, false],
    ['of the media type', { mediaType: 'chat' }, true],
    ['of another media type', { mediaType: 'email' }, false],
    ['of the subtype', { interactionSubtype: ['SMS', 'InboundNew'] }, true],
    ['of another subtype', { interactionSubtype: 'SMS' }, false],
    ['of the channel', { channel: 'default' }, true],
    ['of another channel', { channel: ['emea', 'email'] }, false],
    ['of all of them', { event: 'FINISHED', mediaType: ['chat'], channel: 'default' }, true],
    ['of all of them but one', { event: 'FINISHED', mediaType: ['chat'], channel: 'emea' }, false],
    ['in another case', { event: 'finished' }, false],
    ['of a part of the value', { event: 'FINISH' }, false],
    ['of more than the value', { event: 'FINISHED,STARTED' }, false],
    ['with undefined for a field', { event: undefined }, true],
  ])('%s decides', (_, filter, verdict) => {
    expect(matches(filter, EVENT)).toBe(verdict);
  });

  it.each(['event', 'mediaType', 'interactionSubtype'] as const)(
    'of %s wants no event without one',
    (field) => {
      const event = {
        type: undefined,
        mediaType: undefined,
        interactionSubtype: undefined,
        channel: 'default',
      };
      expect(matches({ [field]: 'FINISHED' }, event)).toBe(false);
      expect(matches({ [field]: [] }, event)).toBe(false);
      expect(matches({ [field]: 'undefined' }, event)).toBe(false);
      expect(matches({}, event)).toBe(true);
    },
  );

  it('wants what every one of its fields wants', () => {
    const value = fc.constantFrom('a', 'b', 'c');
    const wanted = fc.option(fc.oneof(value, fc.array(value, { maxLength: 3 })), { nil: undefined });
    const filter = fc.record({
      event: wanted,
      mediaType: wanted,
      interactionSubtype: wanted,
      channel: wanted,
    });
    const optional = fc.option(value, { nil: undefined });
    const event = fc.record({
      type: optional,
      mediaType: optional,
      interactionSubtype: optional,
      channel: value,
    });
    fc.assert(
      fc.property(filter, event, (wants, has) => {
        const fields = [
          [wants.event, has.type],
          [wants.mediaType, has.mediaType],
          [wants.interactionSubtype, has.interactionSubtype],
          [wants.channel, has.channel],
        ] as const;
        const all = fields.every(
          ([want, value]) => want === undefined || [want].flat().some((one) => one === value),
        );
        expect(matches(wants as ListenerFilter, has)).toBe(all);
      }),
      { numRuns: 1_000 },
    );
  });
});
