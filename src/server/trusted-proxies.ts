import { BlockList, isIP } from 'node:net';
import { plainAddress } from '../gateway/network.ts';
import { CodedError } from '../primitives/errors.ts';

/**
 * Whose word counts for where a caller comes from (`x-forwarded-for`): addresses, or networks such as `10.0.0.0/8`.
 * Of none, nobody's: then the header is anybody's claim and the connection says who asks.
 * Throws USAGE. Source: docs/protocol/http.md, rule H-22.
 */
export function trustedProxies(named: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const text of named) add(list, text);
  return (address) => {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  };
}

function add(list: BlockList, text: string): void {
  const [named = '', bits, ...more] = text.split('/');
  const address = plainAddress(named);
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  // An IPv4 network written as IPv6 has its bits behind 96 others.
  const before = version === 4 && isIP(named) === 6 ? 96 : 0;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) - before : -1;
  // No network of everybody: that would be no proxy, but whoever writes the header. Nor one of a zone: no caller has one.
  const isOne = isIP(named) !== 0 && !named.includes('%') && more.length === 0;
  if (!isOne || prefix < 8 || prefix > most) {
    throw new CodedError('USAGE', { trustedProxy: text.slice(0, 64) });
  }
  list.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4');
}
