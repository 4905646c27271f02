import { BlockList, isIPv6 } from 'node:net';

/**
 * Ranges that are not of the public internet, or that can stand for one that is not (6to4, NAT64, Teredo).
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry
 */
const RANGES = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16'],
  ...['3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
];

const blocked = new BlockList();
for (const range of RANGES) {
  const [network = '', prefix] = range.split('/');
  blocked.addSubnet(network, Number(prefix), isIPv6(network) ? 'ipv6' : 'ipv4');
}

/**
 * Whether an IP address is private, of this machine, or otherwise not of the public internet. An IPv4 address
 * that is mapped into IPv6 is judged as what it is.
 *
 * @example
 * isPrivateAddress('::ffff:10.0.0.1'); // true
 */
export function isPrivateAddress(address: string): boolean {
  // BlockList takes no zone, as in fe80::1%eth0.
  const [plain = ''] = address.split('%');
  return blocked.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}
