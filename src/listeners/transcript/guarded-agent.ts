import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

import { Agent, buildConnector } from 'undici';

import { PermanentError } from '../../events/delivery.js';
import { isPrivateAddress } from './private-address.js';

/**
 * An agent that connects to public addresses alone. The address is checked where the connection is made, and
 * is the one that is connected to: a name that resolves to something else a moment later (DNS rebinding)
 * gains nothing.
 */
export function createGuardedAgent(timeoutMs: number): Agent {
  const connect = buildConnector({ timeout: timeoutMs, lookup: lookupPublic });
  return new Agent({
    connect: (options, callback) => {
      // An address in the URL itself is never looked up.
      const host = options.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && isPrivateAddress(host)) callback(refused(host), null);
      else connect(options, callback);
    },
  });
}

/** `dns.lookup` that fails when any of the addresses is private. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const found = addresses.find(({ address }) => isPrivateAddress(address));
    const [first] = addresses;
    if (error !== null || first === undefined) callback(error, []);
    else if (found !== undefined) callback(refused(`${hostname} (${found.address})`), []);
    else if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

function refused(host: string): PermanentError {
  return new PermanentError(`${host} is a private address, and TRANSCRIPT_ALLOW_PRIVATE is off.`);
}
