import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { traceIdOf } from './trace-id.js';

describe('a trace id', () => {
  it.each([
    ['16 hex digits', '463ac35c9f6413ad'],
    ['32 hex digits', '463ac35c9f6413ad48485a3953bb6124'],
    ['upper case', '463AC35C9F6413AD'],
    ['a UUID', 'f6c49d91-926b-4473-b2f3-8d8fd295c968'],
    ['any printable ASCII', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
    ['64 characters', 'x'.repeat(64)],
  ])('of %s is kept as it is', (_, header) => {
    expect(traceIdOf(header)).toBe(header);
  });

  it.each([
    ['a line end', 'a\r\nb', 'a??b'],
    ['an escape sequence', '\u001b[31mred', '?[31mred'],
    ['a space', 'a b', 'a?b'],
    ['U+0000', 'a\0b', 'a?b'],
    ['U+007F', 'a\u007fb', 'a?b'],
    ['a C1 control character', 'a\u009bb', 'a?b'],
    ['letters beyond ASCII', 'tråce', 'tr?ce'],
    ['a line separator', 'a\u2028b', 'a?b'],
    ['text that runs backwards', '\u202eabc', '?abc'],
    ['65 characters', 'x'.repeat(65), 'x'.repeat(64)],
    ['8 KiB', 'y'.repeat(8_192), 'y'.repeat(64)],
  ])('with %s is made fit to be shown', (_, header, shown) => {
    expect(traceIdOf(header)).toBe(shown);
  });

  it.each<[string, unknown]>([
    ['is absent', undefined],
    ['is empty', ''],
    ['is an array', ['463ac35c9f6413ad']],
  ])('is none when the header %s', (_, header) => {
    expect(traceIdOf(header)).toBeUndefined();
  });

  it('is always short printable ASCII', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200, unit: 'binary' }), (header) => {
        expect(traceIdOf(header)).toMatch(/^[!-~]{1,64}$/);
      }),
    );
  });
});
