import { networkInterfaces } from 'node:os';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { expectRefusal } from '../support/answers.js';
import { PATH, payload, SECRET, TestService } from '../support/service.js';

describe('ALLOWED_IPS', () => {
  it.each([
    ['the address of the caller', '127.0.0.1', 200],
    ['a range that the caller is in', '10.0.0.0/8,127.0.0.0/8', 200],
    ['another address', '192.0.2.1', 401],
    ['another range', '10.0.0.0/8,2001:db8::/32', 401],
  ])('with %s (%s) is answered %i', async (_, allowed, status) => {
    const service = await TestService.start({ ALLOWED_IPS: allowed });
    try {
      expect((await service.post(payload())).status).toBe(status);
    } finally {
      await service.stop();
    }
  });

  it('knows an IPv4 caller of a socket that listens on IPv6, too', async () => {
    const hasIpv6 = Object.values(networkInterfaces()).some((found) =>
      found?.some(({ family }) => family === 'IPv6'),
    );
    const service = await TestService.start({ HOST: hasIpv6 ? '::' : '0.0.0.0', ALLOWED_IPS: '127.0.0.0/8' });
    try {
      expect((await service.post(payload())).status).toBe(200);
    } finally {
      await service.stop();
    }
  });

  it('holds for the webhook and its channels, and for nothing else', async () => {
    const service = await TestService.start({ ALLOWED_IPS: '192.0.2.1', WEBHOOK_SECRET_EMEA: SECRET });
    try {
      expect((await service.post(payload(), {}, PATH)).status).toBe(401);
      expect((await service.post(payload(), {}, `${PATH}/emea`)).status).toBe(401);
      expect((await service.send('GET', '/health/live')).status).toBe(200);
    } finally {
      await service.stop();
    }
  });

  it('is answered like a wrong signature', async () => {
    const service = await TestService.start({ ALLOWED_IPS: '192.0.2.1' });
    const open = await TestService.start();
    try {
      const refused = await service.post(payload());
      const unsigned = await open.post(payload(), { 'x-hub-signature': undefined });
      expectRefusal(refused, 401);
      expect(refused.text).toBe(unsigned.text);
    } finally {
      await Promise.all([service.stop(), open.stop()]);
    }
  });

  it('does not believe X-Forwarded-For without TRUST_PROXY', async () => {
    const service = await TestService.start({ ALLOWED_IPS: '192.0.2.1' });
    try {
      expect((await service.post(payload(), { 'x-forwarded-for': '192.0.2.1' })).status).toBe(401);
    } finally {
      await service.stop();
    }
  });

  it('does not believe X-Forwarded-For of anybody but the proxies of TRUST_PROXY', async () => {
    const service = await TestService.start({ ALLOWED_IPS: '192.0.2.1', TRUST_PROXY: '10.0.0.0/8' });
    try {
      expect((await service.post(payload(), { 'x-forwarded-for': '192.0.2.1' })).status).toBe(401);
    } finally {
      await service.stop();
    }
  });
});

describe('ALLOWED_IPS behind a trusted proxy', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({
      ALLOWED_IPS: '192.0.2.0/24,2001:db8::/32,203.0.113.7',
      TRUST_PROXY: '127.0.0.1,10.0.0.0/8',
    });
  });
  afterAll(() => service.stop());

  it.each([
    ['an address of a range', '192.0.2.77', 200],
    ['an address', '203.0.113.7', 200],
    ['an address beside it', '203.0.113.8', 401],
    ['an IPv6 address of a range', '2001:db8::1', 200],
    ['an IPv6 address in full', '2001:0DB8:0000:0000:0000:0000:0000:0001', 200],
    ['another IPv6 address', '2001:db9::1', 401],
    ['an IPv4 address written as IPv6', '::ffff:192.0.2.1', 200],
    ['an IPv4 address written as IPv6 in upper case', '::FFFF:192.0.2.1', 200],
    ['an IPv4 address written as IPv6 in hex', '::ffff:c000:0201', 200],
    ['another IPv4 address written as IPv6', '::ffff:198.51.100.1', 401],
    ['the last of several that is no proxy', '198.51.100.1, 192.0.2.1', 200],
    ['the last of several that is no proxy, whatever came before', '192.0.2.1, 198.51.100.1', 401],
    ['the one before a proxy', '192.0.2.1, 10.1.2.3', 200],
    ['the proxy alone', '10.1.2.3', 401],
    ['nothing', '', 401],
    ['a name', 'unknown', 401],
    ['an address with a port', '192.0.2.1:4711', 401],
    ['an address in brackets', '[2001:db8::1]', 401],
    ['an address that is none', '192.0.2.256', 401],
    ['an address with a zone', '2001:db8::1%eth0', 200],
    ['a script', '<script>alert(1)</script>', 401],
  ])('looks at X-Forwarded-For: %s (%s) is answered %i', async (_, forwarded, status) => {
    const answer = await service.post(payload(), { 'x-forwarded-for': forwarded });
    expect(answer.status).toBe(status);
    if (status === 401) expectRefusal(answer, 401);
  });

  it('looks at the proxy itself where it forwards for nobody', async () => {
    expectRefusal(await service.post(payload()), 401);
  });
});
