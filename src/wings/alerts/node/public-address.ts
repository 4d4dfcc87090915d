import { BlockList } from 'node:net';

/** What is not the public internet (IANA's registries of special addresses), and what is translated into it. */
const forbidden = new BlockList();
for (const [network, bits] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
  ] as const),
  ...([
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
  ] as const),
  ...([
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
  ] as const),
  ...([
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
  ] as const),
] as const) {
  forbidden.addSubnet(network, bits, 'ipv4');
}
/** Of IPv6 that alone is given out, */
const unicast = new BlockList();
unicast.addSubnet('2000::', 3, 'ipv6');
/** and in it lie an example's, and ways into IPv4. */
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  forbidden.addSubnet(network, bits, 'ipv6');
}

/** Whether something may be sent there at the bidding of somebody outside (docs/protocol/alerts.md, AL-12). */
export function isPublicAddress(address: string, family: number): boolean {
  if (family === 4) return !forbidden.check(address, 'ipv4');
  return unicast.check(address, 'ipv6') && !forbidden.check(address, 'ipv6');
}
