import { BlockList, isIP } from 'node:net';
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
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  };
}

function add(list: BlockList, text: string): void {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  // No network of everybody: that would be no proxy, but whoever writes the header.
  if (version === 0 || prefix < 8 || prefix > most || more.length > 0) {
    throw new CodedError('USAGE', { trustedProxy: text.slice(0, 64) });
  }
  list.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4');
}
