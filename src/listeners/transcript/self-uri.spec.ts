import { describe, expect, it } from '@jest/globals';

import { PermanentError } from '../../events/delivery.js';
import { resolveRedirect, resolveSelfUri } from './self-uri.js';

const config = {
  baseUrl: 'https://nexus.example/',
  apiKey: undefined,
  allowedHosts: new Set(['nexus.example', 'emea.nexus.example:8443']),
  allowPrivate: false,
};
const resolve = (selfUri: string, baseUrl = config.baseUrl): string =>
  resolveSelfUri(selfUri, { ...config, baseUrl }).href;

describe('a selfUri', () => {
  it.each([
    ['/nexus/v3/chat/sessions/a/b', 'https://nexus.example/nexus/v3/chat/sessions/a/b'],
    ['nexus/v3/chat/sessions/a/b', 'https://nexus.example/nexus/v3/chat/sessions/a/b'],
    ['NexusURL/nexus/v3/chat/sessions/a/b', 'https://nexus.example/nexus/v3/chat/sessions/a/b'],
    ['https://nexus.example/x?y=1', 'https://nexus.example/x?y=1'],
    ['https://NEXUS.example:443/x', 'https://nexus.example/x'],
    ['https://emea.nexus.example:8443/x', 'https://emea.nexus.example:8443/x'],
    ['//nexus.example/x', 'https://nexus.example/x'],
  ])('%s means %s', (selfUri, url) => {
    expect(resolve(selfUri)).toBe(url);
  });

  it('is resolved below a base URL that has a path', () => {
    expect(resolve('chat/a', 'https://nexus.example/proxy/')).toBe('https://nexus.example/proxy/chat/a');
    expect(resolve('/chat/a', 'https://nexus.example/proxy/')).toBe('https://nexus.example/chat/a');
  });

  it.each([
    ['https://other.example/x', 'another host'],
    ['https://nexus.example.other.example/x', 'a host that begins like the allowed one'],
    ['https://nexus.example:8443/x', 'another port'],
    ['//other.example/x', 'another host without a scheme'],
    ['\\\\other.example/x', 'another host behind backslashes'],
    ['/\t/other.example/x', 'another host behind a tab'],
    ['https://nexus.example@other.example/x', 'another host behind what looks like the allowed one'],
    ['https://user:pass@nexus.example/x', 'credentials'],
    ['http://nexus.example/x', 'plain HTTP, to which the API key would be sent unencrypted'],
    ['file:///etc/passwd', 'a file'],
    ['data:application/json,{}', 'data'],
    ['https://', 'no URL'],
    ['http://2130706433/', 'an address as one number'],
    ['https://[::ffff:127.0.0.1]/', 'a mapped address'],
    ['https://169.254.169.254/latest/meta-data', 'the metadata of a cloud'],
  ])('%s is refused: %s', (selfUri) => {
    expect(() => resolve(selfUri)).toThrow(PermanentError);
  });
});

describe('a redirect', () => {
  const from = new URL('https://nexus.example/a/b');

  it('may lead elsewhere on its host', () => {
    expect(resolveRedirect('/c', from).href).toBe('https://nexus.example/c');
    expect(resolveRedirect('c', from).href).toBe('https://nexus.example/a/c');
    expect(resolveRedirect('https://nexus.example/c', new URL('http://nexus.example/a')).protocol).toBe(
      'https:',
    );
  });

  it.each(['https://emea.nexus.example:8443/c', '//other.example', 'http://nexus.example/c', 'https://['])(
    'to %s is refused',
    (location) => {
      expect(() => resolveRedirect(location, from)).toThrow(PermanentError);
    },
  );
});
